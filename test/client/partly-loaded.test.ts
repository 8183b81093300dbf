import { describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { type Principal, samePrincipal } from '../../src/messages/principal.ts';
import { createTestRealm, host } from './realm.ts';

/** The cache, which can load the first ticket for a server alone, and how it was loaded. */
function loadingOne(cache: Ccache): { cache: Ccache; loads: string[] } {
  const loads: string[] = [];
  const partly: Ccache = {
    ...cache,
    load() {
      loads.push('whole');
      return cache.load();
    },
    async loadFor(servers: readonly Principal[]) {
      loads.push('partly');
      const { credentials, ...head } = await cache.load();
      const found = credentials.filter(({ server }) => servers.some(each => samePrincipal(each, server)));
      return { ...head, credentials: found.slice(0, 1) };
    },
  };
  return { cache: partly, loads };
}

describe('a cache that loads the ticket for one server', () => {
  it('is loaded as a whole only to get a new one', async () => {
    const realm = createTestRealm();
    const { cache, loads } = loadingOne(await realm.cacheWith());
    const got = await getServiceCredential(cache, host, realm);
    expect(loads).toContain('whole');
    loads.length = 0;
    expect((await getServiceCredential(cache, host, realm)).ticket).toEqual(got.ticket);
    expect(loads).toEqual(['partly']);
  });

  it('is asked for all where the one does not serve', async () => {
    const realm = createTestRealm();
    const { cache, loads } = loadingOne(await realm.cacheWith());
    await getServiceCredential(cache, host, { ...realm, enctypes: [18] });
    const other = await getServiceCredential(cache, host, { ...realm, enctypes: [17] });
    const asked = realm.transport.count;
    loads.length = 0;
    expect(await getServiceCredential(cache, host, { ...realm, enctypes: [17] })).toEqual(other);
    expect([realm.transport.count, loads]).toEqual([asked, ['partly', 'whole']]);
  });
});
