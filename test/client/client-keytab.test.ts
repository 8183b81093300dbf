import { beforeEach, describe, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { configEntry, findConfig } from '../../src/ccache/config-entries.ts';
import { refreshFromKeytab } from '../../src/client/client-keytab.ts';
import type { Keytab, KeytabEntry } from '../../src/keytab/keytab.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { FORWARDABLE } from '../../src/messages/flags.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { alice } from '../support/scripted-kdc.ts';
import { createTestRealm, host, newCache, type TestRealm } from './realm.ts';

const HOUR = 3600;
let realm: TestRealm;
let cache: Ccache;

beforeEach(() => {
  realm = createTestRealm();
  cache = newCache();
});

function keytabOf(...principals: readonly Principal[]): Keytab {
  const entries: readonly KeytabEntry[] = principals.flatMap(principal =>
    realm.database.exportKeytabEntries(principal),
  );
  return { ...resolveKeytab('MEMORY:none'), name: 'MEMORY:test', entries: async () => entries };
}

function refresh(keytab = keytabOf(alice, host), more = {}): Promise<void> {
  return refreshFromKeytab(cache, { keytab, lifetime: 10 * HOUR, ...more }, realm);
}

/** When the cache is to be filled anew, in seconds from now. */
async function refreshIn(): Promise<number> {
  const noted = findConfig(await cache.load(), 'refresh_time');
  return Number(Buffer.from(noted!).toString()) - Math.floor(realm.now().getTime() / 1000);
}

async function loggedIn(lifetime = 10 * HOUR): Promise<void> {
  const { credential } = await realm.login({ lifetime });
  await cache.initialize({ principal: alice, credentials: [credential] });
}

describe('a cache is filled by a client keytab', () => {
  it('where there is none: for the first principal, with a note to do so again at half time', async () => {
    await refresh();
    const { principal, credentials } = await cache.load();
    expect(principal).toMatchObject(alice);
    expect(credentials.at(-1)!.server.components).toEqual(['krbtgt', 'A.TEST']);
    expect(await refreshIn()).toBe(5 * HOUR);
  });

  it('for whom it is told to be, with the ticket that is wished for', async () => {
    await refresh(undefined, { client: host, forwardable: true });
    const { principal, credentials } = await cache.load();
    expect(principal.components).toEqual(host.components);
    expect(credentials.at(-1)!.flags & FORWARDABLE).toBe(FORWARDABLE);
  });

  it('anew when half of the time has gone by, and not before', async () => {
    await refresh();
    const asked = realm.transport.count;
    realm.advance(5 * HOUR - 1);
    await refresh();
    expect(realm.transport.count).toBe(asked);
    realm.advance(1);
    await refresh();
    expect(realm.transport.count).toBeGreaterThan(asked);
    expect(await refreshIn()).toBe(5 * HOUR);
  });

  it('anew when it is about to expire, whoever has filled it', async () => {
    await loggedIn(HOUR);
    realm.advance(HOUR - 31);
    await refresh();
    expect(findConfig(await cache.load(), 'refresh_time')).toBeUndefined();
    realm.advance(10);
    await refresh();
    expect(await refreshIn()).toBe(5 * HOUR);
  });

  it('where it holds no tickets', async () => {
    await cache.initialize({ principal: alice, credentials: [] });
    await refresh();
    expect(await refreshIn()).toBe(5 * HOUR);
  });
});

describe('a cache stays as it is', () => {
  it('where the KDC does not answer; another attempt is to wait', async () => {
    await refresh();
    realm.advance(6 * HOUR);
    const transport = () => Promise.reject(new Error('not to be asked'));
    const failing = refreshFromKeytab(cache, { keytab: keytabOf(alice) }, { ...realm, transport });
    await expect(failing).rejects.toThrow('not to be asked');
    expect(await refreshIn()).toBe(30);
  });

  it('where its keys are wrong; as that may lock the account, another attempt is to wait for long', async () => {
    await refresh();
    realm.advance(6 * HOUR);
    const [entry] = realm.database.exportKeytabEntries(host);
    const keytab = {
      ...keytabOf(),
      entries: async () => [{ ...entry!, principal: alice }],
    };
    await refresh(keytab);
    expect((await cache.load()).credentials.length).toBeGreaterThan(1);
    expect(await refreshIn()).toBe(2 * HOUR);
  });

  it('where the keytab has no key of its principal', async () => {
    await loggedIn(HOUR);
    realm.advance(HOUR);
    const asked = realm.transport.count;
    await refresh(keytabOf(host));
    expect(realm.transport.count).toBe(asked);
    expect((await cache.load()).credentials).toHaveLength(1);
  });

  it('where the note of when is none', async () => {
    await loggedIn();
    await cache.store([configEntry(alice, 'refresh_time', undefined, 'soon')], realm.now());
    const asked = realm.transport.count;
    await refresh();
    expect(realm.transport.count).toBe(asked);
  });
});

it('says why there is no new ticket once the old one has expired', async () => {
  await refresh();
  realm.advance(10 * HOUR);
  const [entry] = realm.database.exportKeytabEntries(host);
  const wrong = { ...keytabOf(), entries: async () => [{ ...entry!, principal: alice }] };
  await expect(refresh(wrong)).rejects.toMatchObject({ code: 'PREAUTH_FAILED' });
});

it('says that there is no cache where there are no keys, either, and why', async () => {
  await expect(refresh(resolveKeytab('FILE:/nonexistent/keytab'))).rejects.toMatchObject({
    code: 'CACHE_NOT_FOUND',
    cause: { code: 'KEYTAB_NOT_FOUND' },
  });
  const client = parsePrincipal('bob@A.TEST');
  await expect(refresh(undefined, { client })).rejects.toMatchObject({
    code: 'CACHE_NOT_FOUND',
    cause: { code: 'KEYTAB_NO_KEY' },
  });
});

describe('concurrent calls for one cache', () => {
  const calls = 20;
  const outcomes = (calling: () => Promise<void>) =>
    Promise.all(Array.from({ length: calls }, () => calling().catch(({ code }) => code)));

  it('share one exchange', async () => {
    await refresh();
    const alone = realm.transport.count;
    realm.advance(10 * HOUR);
    await outcomes(() => refresh());
    expect(realm.transport.count).toBe(2 * alone);
  });

  it('share its failure, since wrong keys may lock the client out', async () => {
    const [entry] = realm.database.exportKeytabEntries(host);
    const wrong = { ...keytabOf(), entries: async () => [{ ...entry!, principal: alice }] };
    await refresh(wrong).catch(() => undefined);
    const alone = realm.transport.count;
    expect(await outcomes(() => refresh(wrong))).toEqual(Array(calls).fill('PREAUTH_FAILED'));
    expect(realm.transport.count).toBe(2 * alone);
  });

  it('do not share the failure of one with other keys or another client', async () => {
    const keytab = keytabOf(alice);
    const missing = resolveKeytab('FILE:/nonexistent/keytab');
    const calls = [refresh(missing), refresh(keytab, { client: host }), refresh(keytab)];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('survive the one that began, if that is aborted', async () => {
    const stop = new AbortController();
    const options = { ...realm, signal: stop.signal };
    const first = refreshFromKeytab(cache, { keytab: keytabOf(alice) }, options).catch(({ code }) => code);
    const others = outcomes(() => refresh());
    stop.abort();
    expect(await first).toBe('ABORTED');
    expect(await others).toEqual(Array(calls).fill(undefined));
  });

  it('do not wait for a new ticket while the old one lasts', async () => {
    await refresh();
    realm.advance(6 * HOUR);
    const slow = { ...realm, transport: () => new Promise<never>(() => undefined) };
    void refreshFromKeytab(cache, { keytab: keytabOf(alice) }, slow);
    await expect.poll(refreshIn).toBeGreaterThan(0);
    await refreshFromKeytab(cache, { keytab: keytabOf(alice) }, slow);
    expect(await refreshIn()).toBe(30);
  });

  it('wait no longer than their own signal lets them', async () => {
    const slow = { ...realm, transport: () => new Promise<never>(() => undefined) };
    void refreshFromKeytab(cache, { keytab: keytabOf(alice) }, slow);
    const options = { ...realm, signal: AbortSignal.timeout(20) };
    await expect(refreshFromKeytab(cache, { keytab: keytabOf(alice) }, options)).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});
