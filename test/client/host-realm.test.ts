import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { inRealmOfHost } from '../../src/client/host-realm.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { createConfig } from '../../src/config/config.ts';
import { createProfile, createSection } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';
import { openContext } from '../../src/gss/initiate.ts';
import { openFromCache } from '../../src/http/contexts.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { formatPrincipal, hostBasedPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { createTransport, type Transport } from '../../src/transport/transport.ts';
import { newCache } from './realm.ts';

const HOST = 'www.host.zz';
const http = hostBasedPrincipal('HTTP', HOST, '');
const request = { host: HOST, delegation: 'none' } as const;

let kdc: RunningKdc;
let cache: Ccache;

/** A transport made from a krb5.conf with these lines in [domain_realm]. */
function configured(domainRealm: string): Transport {
  const root = createSection();
  const text = `${kdc.krb5Conf()}\n[domain_realm]\n${domainRealm}\n`;
  parseProfile(text, 'krb5.conf', root, { warn: () => {}, include: () => {} });
  return createTransport(
    createConfig(createProfile([root]), { uid: 0, euid: 0, username: '', temp: '/tmp' }),
  );
}

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'wonderland' }],
    trusts: [{ realm: 'B.TEST' }],
    realms: [{ realm: 'B.TEST', services: [`HTTP/${HOST}`] }],
  });
  const alice = parsePrincipal('alice@A.TEST');
  const { credential } = await getInitialCredential(alice, { password: async () => 'wonderland' }, kdc);
  cache = newCache();
  await cache.initialize({ principal: alice, credentials: [credential] });
});
afterAll(() => kdc.close());

describe('a host that krb5.conf assigns to a realm to which the KDC does not refer', () => {
  const options = () => ({ transport: configured('.host.zz = B.TEST'), noStore: true });

  it('is reached by the HTTP client', async () => {
    const seen: string[] = [];
    const open = openFromCache(async server => {
      seen.push(formatPrincipal(server));
      return cache;
    }, options());
    await expect(open(request)).resolves.toBeDefined();
    expect(seen).toEqual([`HTTP/${HOST}@B.TEST`]);
  });

  it('is reached by contexts and tickets', async () => {
    await expect(openContext(http, cache, options())).resolves.toBeDefined();
    const { server } = await getServiceCredential(cache, http, options());
    expect(formatPrincipal(server)).toBe(`HTTP/${HOST}@B.TEST`);
  });

  it('is reached with a transport of no configuration if the option says the realm', async () => {
    const { transport } = kdc;
    const wishes = { transport, noStore: true };
    await expect(openContext(http, cache, wishes)).rejects.toThrow(`Server HTTP/${HOST}@A.TEST not found`);
    await expect(openContext(http, cache, { ...wishes, realmOfHost: () => 'B.TEST' })).resolves.toBeDefined();
  });

  it('keeps the realm that is named, and the options that are given', async () => {
    const elsewhere = { ...http, realm: 'A.TEST' };
    await expect(openContext(elsewhere, cache, options())).rejects.toThrow(`HTTP/${HOST}@A.TEST not found`);
    const open = openFromCache(cache, { ...options(), servicePrincipal: () => elsewhere });
    await expect(open(request)).rejects.toThrow(`HTTP/${HOST}@A.TEST not found`);
    const unmapped = openFromCache(cache, { ...options(), realmOfHost: () => undefined });
    await expect(unmapped(request)).rejects.toThrow(`HTTP/${HOST}@A.TEST not found`);
  });
});

it('a port after the host does not matter, and other principals stay as they are', () => {
  const { transport } = kdc;
  const realmOfHost = (host: string) => (host === 'db.zz' ? 'B.TEST' : undefined);
  const realmOf = (host: string) =>
    inRealmOfHost(hostBasedPrincipal('MSSQLSvc', host, ''), { transport, realmOfHost }).realm;
  expect([realmOf('db.zz:1433'), realmOf('db.zz'), realmOf('::1'), realmOf('else.zz')]).toEqual([
    'B.TEST',
    'B.TEST',
    '',
    '',
  ]);
  const user = parsePrincipal('db.zz/db.zz@');
  expect(inRealmOfHost(user, { transport, realmOfHost })).toBe(user);
});
