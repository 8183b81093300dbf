import { networkInterfaces } from 'node:os';
import { expect } from 'vitest';
import type { Row } from './row.ts';

/** Service tickets, and what tickets are asked to be. */
export const tickets: readonly Row[] = [
  {
    name: 'service ticket, opened by the keytab',
    async run(cell) {
      await cell.login('alice');
      const said = await cell.kvno(`-k ${cell.realm.keytab} HTTP/localhost`);
      expect(said).toMatchObject({ status: 0, stderr: '' });
      expect(said.stdout).toMatch(/^HTTP\/localhost@\S+: kvno = \d, keytab entry valid\n$/);
      const { tickets } = await cell.list();
      expect(tickets[1]!.server).toBe(`HTTP/localhost@${cell.realm.name}`);
    },
  },
  {
    name: 'service ticket from the cache',
    async run(cell) {
      await cell.login('alice');
      expect(await cell.kvno('--cached-only host/localhost')).toMatchObject({ status: 1 });
      const { tickets } = await cell.getTicket('host/localhost');
      expect(await cell.getTicket('--cached-only host/localhost')).toMatchObject({ tickets });
    },
  },
  {
    name: 'session key of a chosen enctype (kvno -e)',
    async run(cell) {
      await cell.login('alice');
      const { tickets } = await cell.getTicket('-e aes128-cts-hmac-sha1-96 host/localhost');
      expect(tickets[1]!.sessionKey).toBe('aes128-cts-hmac-sha1-96');
    },
  },
  {
    name: 'authentication indicators (klist -I)',
    needs: 'indicators',
    async run(cell) {
      const { keytab, pki } = cell.realm;
      cell.configure(`pkinit_anchors = ${pki.anchors}`);
      await cell.login(`-X X509_user_identity=${pki.identity} alice`);
      await cell.getTicket('HTTP/localhost');
      const { stdout } = await cell.ourKlist(`-I ${keytab}`);
      expect(stdout).toMatch(/HTTP\/localhost@.*\n(\t.*\n)*\tAuthentication indicators: by-certificate\n/);
    },
  },
  {
    name: 'FAST around service tickets',
    async run(cell) {
      await cell.login('alice');
      await cell.getTicket('host/localhost');
      expect(cell.trace()).toMatch(/TGS-REQ for host\/localhost.* within FAST/);
    },
  },
  {
    name: 'ticket for a service alone (kinit -S)',
    async run(cell) {
      const { tickets } = await cell.login('-S host/localhost alice');
      expect(tickets).toMatchObject([{ server: `host/localhost@${cell.realm.name}` }]);
    },
  },
  {
    name: 'forwardable and proxiable (kinit -f -p)',
    async run(cell) {
      expect((await cell.login('-f -p alice')).tickets[0]!.flags).toMatch(/^FP/);
      expect((await cell.getTicket('host/localhost')).tickets[1]!.flags).toMatch(/^FP/);
    },
  },
  {
    name: 'not forwardable, for those who may not',
    async run(cell) {
      const { status, stderr } = await cell.kinit('-f nofwd');
      if (status === 0) expect((await cell.list()).tickets[0]!.flags).not.toContain('F');
      // Heimdal refuses to give any ticket then.
      else expect(stderr).toBe('kinit: KDC policy rejects request while getting initial credentials\n');
    },
  },
  {
    name: 'bound to addresses (kinit -a)',
    async run(cell) {
      await cell.login('-a alice');
      const addresses = Object.values(networkInterfaces())
        .flatMap(each => each ?? [])
        .filter(({ internal, family }) => !internal && family === 'IPv4')
        .map(({ address }) => address);
      const listed = /Addresses: (.*)/.exec(await cell.klist('-an'))?.[1];
      for (const address of addresses) expect(listed?.split(', ')).toContain(address);
    },
  },
];
