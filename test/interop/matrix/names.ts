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
];
