import { describe, expect, it } from 'vitest';
import { renewCredential, validateCredential } from '../../src/client/renew.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { TransportError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE, INVALID, RENEWABLE } from '../../src/messages/flags.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { alice, later, NOW } from '../support/scripted-kdc.ts';
import { createTestRealm, host, newCache } from './realm.ts';

const HOUR = 3600;
const names = (credentials: readonly Credential[]) =>
  credentials.map(({ server }) => formatPrincipal(server));

describe('a ticket for a service', () => {
  it('is got from the KDC once, then from the cache', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const first = await getServiceCredential(cache, host, realm);
    const asked = realm.transport.count;
    const second = await getServiceCredential(cache, host, realm);
    expect(second.ticket).toEqual(first.ticket);
    expect(realm.transport.count).toBe(asked);
    expect(names((await cache.load()).credentials)).toEqual(['krbtgt/A.TEST@A.TEST', 'host/server@A.TEST']);
  });

  it('is asked for once by all who want it at the same time', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const asked = realm.transport.count;
    const all = await Promise.all(
      Array.from({ length: 100 }, () => getServiceCredential(cache, host, realm)),
    );
    expect(realm.transport.count).toBe(asked + 1);
    for (const { ticket } of all) expect(ticket).toEqual(all[0]!.ticket);
  });

  it('is asked for by each whom the first one does not help', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const controller = new AbortController();
    const stuck = (_: string, __: Uint8Array, signal?: AbortSignal) =>
      new Promise<never>((_, reject) => {
        signal!.addEventListener('abort', () =>
          reject(new TransportError('ABORTED', 'aborted', 'A.TEST', [])),
        );
      });
    const aborted = getServiceCredential(cache, host, {
      ...realm,
      transport: stuck,
      signal: controller.signal,
    });
    const impatient = getServiceCredential(cache, host, {
      ...realm,
      transport: async (to, request) => realm.transport(to, request),
      signal: AbortSignal.timeout(20),
    });
    const others = [17, 18].map(etype => getServiceCredential(cache, host, { ...realm, enctypes: [etype] }));
    expect((await impatient).server).toEqual(host);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await Promise.all(others)).map(({ key }) => key.keytype)).toEqual([17, 18]);
  });

  it('is asked for once more by all the others where the first one gives up', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const asked = realm.transport.count;
    const first = new AbortController();
    const stuck: Transport = (_, __, signal) =>
      new Promise<never>((_, reject) => {
        signal!.addEventListener('abort', () =>
          reject(new TransportError('ABORTED', 'aborted', 'A.TEST', [])),
        );
      });
    const aborted = getServiceCredential(cache, host, { ...realm, transport: stuck, signal: first.signal });
    const others = Array.from({ length: 100 }, () => getServiceCredential(cache, host, realm));
    await new Promise(resolve => setTimeout(resolve, 10));
    first.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    for (const { server } of await Promise.all(others)) expect(server).toEqual(host);
    expect(realm.transport.count).toBe(asked + 1);
  });

  it('is not waited for twice where no KDC answers', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    let asked = 0;
    const dead = async () => {
      asked++;
      await new Promise(resolve => setTimeout(resolve, 10));
      throw new TransportError('KDC_UNREACHABLE', 'silence', 'A.TEST', []);
    };
    const ask = (transport: Transport) => getServiceCredential(cache, host, { ...realm, transport });
    const outcomes = await Promise.allSettled([ask(dead), ask(dead), ask(realm.transport)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(asked).toBe(1);
  });

  it('is not kept where it shall not be', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    await getServiceCredential(cache, host, { ...realm, noStore: true });
    expect((await cache.load()).credentials).toHaveLength(1);
  });

  it('is not asked for where only the cache may be', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const asked = realm.transport.count;
    const asking = getServiceCredential(cache, host, { ...realm, cachedOnly: true });
    await expect(asking).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    expect(realm.transport.count).toBe(asked);
  });

  it('is got again once the one in the cache has expired', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({ lifetime: 4 * HOUR });
    const { credentials } = await cache.load();
    await cache.store([{ ...credentials[0]!, server: host, endtime: later(60) }], NOW);
    realm.advance(120);
    const fresh = await getServiceCredential(cache, host, realm);
    expect(fresh.endtime).toEqual(later(4 * HOUR));
  });

  it('of another enctype than wished for does not count', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    await getServiceCredential(cache, host, realm);
    const other = await getServiceCredential(cache, host, { ...realm, enctypes: [17] });
    expect(other.key.keytype).toBe(17);
  });

  it('takes the flags of the ticket-granting ticket over', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({ forwardable: true, renewLifetime: 30 * HOUR });
    const { flags } = await getServiceCredential(cache, host, realm);
    expect(flags & (FORWARDABLE | RENEWABLE)).toBe(FORWARDABLE | RENEWABLE);
  });

  it('is not to be had with a ticket-granting ticket that has expired, and no KDC is asked', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({ lifetime: HOUR });
    const asked = realm.transport.count;
    realm.advance(HOUR);
    const asking = getServiceCredential(cache, host, realm);
    await expect(asking).rejects.toMatchObject({ code: 'TICKET_EXPIRED', message: 'Ticket expired' });
    expect(realm.transport.count).toBe(asked);
  });

  it('is not to be had with one that begins when our clock will have gone on, and no KDC is asked', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({});
    const asked = realm.transport.count;
    realm.advance(-HOUR);
    const asking = getServiceCredential(cache, host, realm);
    await expect(asking).rejects.toMatchObject({ code: 'NO_TGT', message: 'Clock skew too great' });
    expect(realm.transport.count).toBe(asked);
  });

  it('is not to be had with one of somebody else, or of user-to-user', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({});
    const { principal, credentials } = await cache.load();
    for (const change of [{ client: host }, { isSkey: true }]) {
      const others = credentials.map(credential => ({ ...credential, ...change }));
      await cache.initialize({ principal, credentials: others });
      const asking = getServiceCredential(cache, host, realm);
      await expect(asking).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
    }
  });

  it('is not to be had with a postdated one that nobody has validated', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({ starttime: later(HOUR) });
    await expect(getServiceCredential(cache, host, realm)).rejects.toMatchObject({ code: 'NO_TGT' });
    realm.advance(HOUR + 1);
    await expect(getServiceCredential(cache, host, realm)).rejects.toMatchObject({ code: 'NO_TGT' });
  });

  it('is not to be had without a ticket-granting ticket', async () => {
    const realm = createTestRealm();
    const cache = newCache();
    await cache.initialize({ principal: alice, credentials: [] });
    await expect(getServiceCredential(cache, host, realm)).rejects.toMatchObject({
      code: 'CREDENTIAL_NOT_FOUND',
    });
  });

  it('that the KDC does not know is not to be had', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const asking = getServiceCredential(cache, parsePrincipal('nope/x@A.TEST'), realm);
    await expect(asking).rejects.toMatchObject({ errorCode: 7 });
  });

  it('is returned even though the cache cannot be written', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith();
    const { KerberosError } = await import('../../src/errors.ts');
    const trace: string[] = [];
    const full = { ...cache, store: () => Promise.reject(new KerberosError('CACHE_IO', 'disk full')) };
    const got = await getServiceCredential(full, host, { ...realm, trace: line => trace.push(line) });
    expect(got.server.components).toEqual(['host', 'server']);
    expect(trace.at(-1)).toContain('disk full');
  });
});

describe("the KDC's clock", () => {
  it('counts, not ours, where the cache remembers it', async () => {
    const realm = createTestRealm({}, { kdcAhead: -20 * HOUR });
    const cache = await realm.cacheWith({ lifetime: 10 * HOUR });
    await getServiceCredential(cache, host, realm);
    const again = await getServiceCredential(cache, host, { ...realm, cachedOnly: true });
    expect(again.server).toEqual(host);
    const other = parsePrincipal('http/server@A.TEST');
    realm.database.add(other, { random: true });
    await getServiceCredential(cache, other, realm);
    expect(names((await cache.load()).credentials)).toContain('host/server@A.TEST');
  });

  it('ends a ticket that by our clock lives on', async () => {
    const realm = createTestRealm({}, { kdcAhead: 3 * HOUR });
    const cache = await realm.cacheWith({ lifetime: 4 * HOUR });
    realm.advance(4 * HOUR);
    const asking = getServiceCredential(cache, host, realm);
    await expect(asking).rejects.toMatchObject({ code: 'TICKET_EXPIRED' });
  });
});

describe('a ticket-granting ticket', () => {
  it('is renewed with a later end and a key of its own', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login({ lifetime: HOUR, renewLifetime: 5 * HOUR });
    realm.advance(HOUR / 2);
    const renewed = await renewCredential(credential, realm);
    expect([renewed.endtime, renewed.renewTill]).toEqual([later(1.5 * HOUR), later(5 * HOUR)]);
  });

  it('that is not renewable is not renewed', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login({ lifetime: HOUR });
    await expect(renewCredential(credential, realm)).rejects.toMatchObject({ errorCode: 13 });
  });

  it('that is postdated is validated when its time has come, not before', async () => {
    const realm = createTestRealm();
    const { credential } = await realm.login({ starttime: later(HOUR), lifetime: HOUR });
    await expect(validateCredential(credential, realm)).rejects.toMatchObject({ errorCode: 33 });
    realm.advance(HOUR + 1);
    const valid = await validateCredential(credential, realm);
    expect(valid.flags & INVALID).toBe(0);
  });
});
