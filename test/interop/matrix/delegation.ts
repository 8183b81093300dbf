import { expect } from 'vitest';
import { succeeded } from './cell.ts';
import type { Row } from './row.ts';

/** Tickets in the name of others, and for them. */
export const delegation: readonly Row[] = [
  {
    name: 'user-to-user (kvno --u2u)',
    async run(cell) {
      const theirs = `${cell.path}.theirs`;
      const { front, keytab, name } = cell.realm;
      succeeded(await cell.kinit(`-c ${theirs} -k -t ${keytab} ${front}`));
      await cell.login('alice');
      const { tickets } = await cell.getTicket(`--u2u ${theirs} ${front}`);
      expect(tickets[1]!.server).toBe(`${front}@${name}`);
      // It is sealed in another key than those of the keytab.
      expect((await cell.kvno(`--u2u ${theirs} -k ${keytab} ${front}`)).stderr).toContain(
        'keytab entry invalid',
      );
    },
  },
  {
    name: 'S4U2Self (kvno -I)',
    needs: 'S4U2Self',
    async run(cell) {
      const { front, keytab, name } = cell.realm;
      await cell.login(`-f -k -t ${keytab} ${front}`);
      const { tickets } = await cell.getTicket(`-I alice -k ${keytab} ${front}`);
      expect(tickets.at(-1)).toMatchObject({ server: `${front}@${name}`, client: `alice@${name}` });
    },
  },
  {
    name: 'S4U2Proxy (kvno -I -P)',
    needs: 'S4U2Proxy',
    async run(cell) {
      const { front, keytab, name } = cell.realm;
      await cell.login(`-f -k -t ${keytab} ${front}`);
      const { tickets } = await cell.getTicket(`-I alice -P HTTP/localhost`);
      expect(tickets.at(-1)).toMatchObject({ server: `HTTP/localhost@${name}`, client: `alice@${name}` });
    },
  },
  {
    name: 'S4U2Proxy, to a service that is not allowed',
    needs: 'S4U2Self',
    async run(cell) {
      const { front, keytab } = cell.realm;
      await cell.login(`-f -k -t ${keytab} ${front}`);
      const { status, stderr } = await cell.kvno(`-I alice -P host/localhost`);
      expect(stderr).toMatch(/constrained delegation failed/);
      expect(status).toBe(1);
    },
  },
];
