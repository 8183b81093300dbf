import { expect } from 'vitest';
import type { Row } from './row.ts';

/** What is refused, and how the user is told. */
export const refusals: readonly Row[] = [
  {
    name: 'wrong password',
    async run(cell) {
      const { status, stderr } = await cell.kinit('alice', 'guess\n');
      expect(stderr).toBe('kinit: Password incorrect while getting initial credentials\n');
      expect(status).toBe(1);
    },
  },
  {
    name: 'unknown user',
    async run(cell) {
      const { status, stderr } = await cell.kinit('nobody');
      expect(stderr).toBe(
        `kinit: Client 'nobody@${cell.realm.name}' not found in Kerberos database while getting initial credentials\n`,
      );
      expect(status).toBe(1);
    },
  },
  {
    name: 'unknown service',
    async run(cell) {
      await cell.login('alice');
      const { status, stderr } = await cell.kvno('nothing/localhost');
      const name = `nothing/localhost@${cell.realm.name}`;
      // Heimdal does not say which.
      expect(stderr.replace(`Server ${name}`, 'Server')).toBe(
        `kvno: Server not found in Kerberos database while getting credentials for ${name}\n`,
      );
      expect(status).toBe(1);
      expect((await cell.list()).tickets).toHaveLength(1);
    },
  },
  {
    name: 'password that has expired',
    async run(cell) {
      const { status, stderr, stdout } = await cell.kinit('expired');
      expect(status).toBe(1);
      expect(stdout + stderr).toMatch(/Password (has )?expired/);
    },
  },
  {
    name: 'account that has expired',
    async run(cell) {
      const { status, stderr } = await cell.kinit('dead');
      expect(stderr).toMatch(/expired|revoked/);
      expect(status).toBe(1);
    },
  },
  {
    name: 'account that is disabled',
    async run(cell) {
      const { status, stderr } = await cell.kinit('disabled');
      expect(stderr).toMatch(/revoked|KDC policy rejects request/);
      expect(status).toBe(1);
    },
  },
];
