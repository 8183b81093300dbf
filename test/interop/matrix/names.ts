import { expect } from 'vitest';
import type { Row } from './row.ts';

/** Other names, other realms. */
export const names: readonly Row[] = [
  {
    name: 'another name, made the true one (kinit -C)',
    needs: 'alias',
    async run(cell) {
      expect((await cell.login(`-C ${cell.realm.alias}`)).principal).toBe(`alice@${cell.realm.name}`);
    },
  },
  {
    name: 'enterprise name (kinit -C -E)',
    needs: 'enterprise name',
    async run(cell) {
      const { principal } = await cell.login(`-C -E ${cell.realm.enterpriseName}`);
      expect(principal).toBe(`alice@${cell.realm.name}`);
    },
  },
  {
    name: 'service of a trusted realm',
    needs: 'trust',
    async run(cell) {
      await cell.login('alice');
      const { tickets } = await cell.getTicket('host/localhost@B.TEST');
      expect(tickets.map(({ server }) => server)).toContain('host/localhost@B.TEST');
    },
  },
  {
    name: 'service of a trusted realm, which the KDC refers to',
    needs: 'trust',
    async run(cell) {
      await cell.login('alice');
      const { tickets } = await cell.getTicket('-S host www.b.test');
      expect(tickets.map(({ server }) => server)).toContain(`krbtgt/B.TEST@${cell.realm.name}`);
      expect(cell.trace()).toContain('Following referral to realm B.TEST');
    },
  },
  {
    name: 'service two realms away, by [capaths]',
    needs: 'trust',
    async run(cell) {
      await cell.login('alice');
      const { tickets } = await cell.getTicket('host/localhost@C.TEST');
      expect(tickets.map(({ server }) => server)).toContain('krbtgt/C.TEST@B.TEST');
    },
  },
  {
    name: 'service of a trusted realm that the domain of its host names (realm_try_domains)',
    needs: 'trust',
    async run(cell) {
      cell.configure('realm_try_domains = 0');
      await cell.login('alice');
      const { tickets } = await cell.getTicket('-S host b.test');
      expect(tickets.map(({ server }) => server)).toContain(`krbtgt/B.TEST@${cell.realm.name}`);
    },
  },
  {
    name: 'service by the ticket-granting ticket of its realm that the cache has',
    needs: 'trust',
    async run(cell) {
      await cell.login('alice');
      await cell.getTicket('host/localhost@C.TEST');
      const before = cell.trace().length;
      await cell.getTicket('-u host/localhost@C.TEST host/www.c.test@C.TEST');
      const asked = [
        ...cell
          .trace()
          .slice(before)
          .matchAll(/Sending TGS-REQ for (\S+)/g),
      ];
      expect(asked.map(([, server]) => server)).toEqual(['host/www.c.test@C.TEST']);
    },
  },
  {
    name: "service by its host's other name, once the one typed is unknown (dns_canonicalize_hostname = fallback)",
    async run(cell) {
      cell.configure('dns_canonicalize_hostname = fallback', 'rdns = true');
      await cell.login('alice');
      const { tickets } = await cell.getTicket('-S host 127.0.0.1');
      expect(tickets.map(({ server }) => server)).toContain('host/127.0.0.1@');
      expect(cell.trace()).toMatch(/TGS-REQ for host\/127\.0\.0\.1@.*TGS-REQ for host\/localhost@/s);
      await cell.getTicket('--cached-only -S host 127.0.0.1');
    },
  },
];
