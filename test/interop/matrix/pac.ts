import { expect } from 'vitest';
import { openPac } from './open-pac.ts';
import type { Row } from './row.ts';

/** What tickets say of the user in a PAC. */
export const pac: readonly Row[] = [
  {
    name: 'PAC, verified with the key of the service',
    needs: 'PAC',
    async run(cell) {
      await cell.login('--request-pac alice');
      await cell.getTicket('HTTP/localhost');
      expect((await openPac(cell, 'HTTP/localhost'))?.clientInfo?.name).toBe('alice');
    },
  },
  {
    name: 'no PAC (kinit --no-request-pac)',
    needs: 'PAC',
    async run(cell) {
      await cell.login('alice');
      await cell.getTicket('HTTP/localhost');
      expect(await openPac(cell, 'HTTP/localhost')).toBeDefined();
      await cell.login('--no-request-pac alice');
      await cell.getTicket('HTTP/localhost');
      expect(await openPac(cell, 'HTTP/localhost')).toBeUndefined();
    },
  },
  {
    name: 'PAC with groups, SIDs and the UPN',
    needs: 'domain PAC',
    async run(cell) {
      await cell.login('alice');
      await cell.getTicket('HTTP/localhost');
      const pac = await openPac(cell, 'HTTP/localhost');
      const logonDomainName = cell.realm.name.replace('.', '');
      expect(pac?.logonInfo).toMatchObject({ effectiveName: 'alice', logonDomainName });
      expect(pac?.logonInfo?.userSid).toMatch(/^S-1-5-21-\d+-\d+-\d+-\d+$/);
      expect(pac?.logonInfo?.groups.length).toBeGreaterThan(1);
      expect(pac?.upnDnsInfo?.upn).toBe(cell.realm.enterpriseName);
    },
  },
];
