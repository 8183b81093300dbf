import { expect } from 'vitest';
import { PASSWORD } from './realm.ts';
import type { Row } from './row.ts';

const ANOTHER = 'Looking-glass2';

/** Passwords, changed and to be changed. */
export const passwords: readonly Row[] = [
  {
    name: 'kpasswd',
    needs: 'password server',
    async run(cell) {
      const said = await cell.kpasswd('changer', PASSWORD, ANOTHER, ANOTHER);
      expect(said).toMatchObject({ status: 0, stderr: '' });
      expect(said.stdout).toMatch(/Password changed\.\n$/);
      expect(await cell.kinit('changer', `${ANOTHER}\n`)).toMatchObject({ status: 0, stderr: '' });
      expect(await cell.kpasswd('changer', ANOTHER, PASSWORD, PASSWORD)).toMatchObject({ status: 0 });
    },
  },
  {
    name: 'kpasswd, refused by policy',
    needs: 'password server',
    async run(cell) {
      const said = await cell.kpasswd('policed', PASSWORD, 'Ab-1', 'Ab-1');
      expect(said).toMatchObject({ status: 2, stderr: '' });
      expect(said.stdout).toMatch(/Password change rejected: .*(too short|too small|at least)/i);
    },
  },
  {
    name: 'kpasswd, of a password that has expired',
    needs: 'password server',
    async run(cell) {
      expect(await cell.kpasswd('lapsed', PASSWORD, ANOTHER, ANOTHER)).toMatchObject({ status: 0 });
      expect(await cell.kinit('lapsed', `${ANOTHER}\n`)).toMatchObject({ status: 0, stderr: '' });
    },
  },
  {
    name: 'password that has expired, changed in kinit',
    needs: 'password server',
    async run(cell) {
      const said = await cell.kinit('outdated', `${PASSWORD}\n${ANOTHER}\n${ANOTHER}\n`);
      expect(said).toMatchObject({ status: 0, stderr: '' });
      expect((await cell.list()).principal).toBe(`outdated@${cell.realm.name}`);
    },
  },
];
