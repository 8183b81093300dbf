import { describe, expect, it } from 'vitest';
import { renewCredential, validateCredential } from '../../src/client/renew.ts';
import { getServiceCredential, type ServiceOptions } from '../../src/client/service.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE, INVALID, RENEWABLE } from '../../src/messages/flags.ts';
import {
  formatPrincipal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import {
  type Answer,
  alice,
  bodyOf,
  later,
  NOW,
  refusal,
  scripted,
  tgsReply,
} from '../support/scripted-kdc.ts';
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

  it('is not to be had with a postdated one that nobody has validated', async () => {
    const realm = createTestRealm();
    const cache = await realm.cacheWith({ starttime: later(HOUR) });
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
    await getServiceCredential(cache, parsePrincipal('krbtgt/A.TEST@A.TEST'), realm);
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

describe('the way to other realms', () => {
  const keys = new Map<string, Key>();
  const sessionOf = (realm: string): Key => {
    const key = keys.get(realm) ?? randomKey(18);
    keys.set(realm, key);
    return key;
  };
  /** Each realm's KDC: given what is asked for, the server to grant a ticket for; undefined for one unknown. */
  const world =
    (grants: Readonly<Record<string, (asked: string) => string | undefined>>): Answer =>
    (request, realm) => {
      const { sname } = bodyOf(request);
      const granted = grants[realm]?.(sname!.nameString.join('/'));
      if (granted === undefined) return refusal(7)(request, realm);
      const { components } = parsePrincipal(`${granted}@${realm}`);
      const next = components[0] === 'krbtgt' ? components[1]! : 'service';
      const name = { nameType: 2, nameString: components };
      return tgsReply(sessionOf(realm), { part: { sname: name, key: toEncryptionKey(sessionOf(next)) } })(
        request,
        realm,
      );
    };

  async function ask(server: string, kdc: Answer, options: Partial<ServiceOptions> = {}) {
    const cache = newCache();
    const sname = toPrincipalName(tgsPrincipal('A.TEST'));
    const tgt: Credential = {
      client: alice,
      server: tgsPrincipal('A.TEST'),
      key: toEncryptionKey(sessionOf('A.TEST')),
      authtime: later(0),
      endtime: later(HOUR),
      flags: 0,
      addresses: [],
      authorizationData: [],
      ticket: Ticket.encode({ realm: 'A.TEST', sname, encPart: { etype: 18, cipher: new Uint8Array(40) } }),
      secondTicket: new Uint8Array(0),
      isSkey: false,
    };
    await cache.initialize({ principal: alice, credentials: [tgt] });
    const transport = scripted(kdc);
    const credential = await getServiceCredential(cache, parsePrincipal(server), {
      transport,
      now: () => NOW,
      ...options,
    });
    const { realm, sname: trueName } = Ticket.decode(credential.ticket);
    const kept = names((await cache.load()).credentials).slice(1);
    return {
      name: formatPrincipal(credential.server),
      trueName: `${trueName.nameString.join('/')}@${realm}`,
      kept,
    };
  }

  it('goes through every realm that a KDC refers to', async () => {
    const found = await ask(
      'host/x@',
      world({
        'A.TEST': () => 'krbtgt/B.TEST',
        'B.TEST': () => 'krbtgt/C.TEST',
        'C.TEST': asked => asked,
      }),
    );
    expect(found.trueName).toBe('host/x@C.TEST');
    expect(found.name).toBe('host/x@');
    expect(found.kept).toEqual(['krbtgt/B.TEST@A.TEST', 'krbtgt/C.TEST@B.TEST', 'host/x@']);
  });

  it('is asked for step by step where the realm is known', async () => {
    const found = await ask(
      'host/x@C.TEST',
      world({
        'A.TEST': () => 'krbtgt/B.TEST',
        'B.TEST': asked => asked,
        'C.TEST': asked => asked,
      }),
    );
    expect(found.trueName).toBe('host/x@C.TEST');
  });

  it('may be what is asked for', async () => {
    const found = await ask(
      'krbtgt/C.TEST@A.TEST',
      world({ 'A.TEST': () => 'krbtgt/B.TEST', 'B.TEST': asked => asked }),
    );
    expect(found).toEqual({
      name: 'krbtgt/C.TEST@A.TEST',
      trueName: 'krbtgt/C.TEST@B.TEST',
      kept: ['krbtgt/B.TEST@A.TEST', 'krbtgt/C.TEST@A.TEST'],
    });
  });

  it('is that of the profile where the KDC knows none', async () => {
    const kdc = world({
      'A.TEST': asked => (asked === 'krbtgt/B.TEST' ? asked : undefined),
      'B.TEST': asked => asked,
      'C.TEST': asked => asked,
    });
    await expect(ask('host/x@C.TEST', kdc)).rejects.toMatchObject({ errorCode: 7 });
    const realmPath = (from: string, to: string) => (from === 'A.TEST' ? [from, 'B.TEST', to] : [from, to]);
    expect((await ask('host/x@C.TEST', kdc, { realmPath })).trueName).toBe('host/x@C.TEST');
  });

  it.each([
    ['in a circle', world({ 'A.TEST': () => 'krbtgt/B.TEST', 'B.TEST': () => 'krbtgt/A.TEST' })],
    ['on the spot', world({ 'A.TEST': () => 'krbtgt/A.TEST' })],
    [
      'without end',
      (() => {
        let count = 0;
        return ((request, realm) =>
          world({ [realm]: () => `krbtgt/R${count++}` })(request, realm)) satisfies Answer;
      })(),
    ],
  ])('is given up where it leads %s', async (_, kdc) => {
    await expect(ask('host/x@', kdc)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('is not taken where names must be as asked for', async () => {
    const kdc = world({ 'A.TEST': () => 'krbtgt/B.TEST' });
    const asking = ask('host/x@A.TEST', kdc, { canonicalize: false });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('leads to an alias that is found again by the name asked for', async () => {
    const found = await ask('host/alias@A.TEST', world({ 'A.TEST': () => 'host/true' }));
    expect(found).toEqual({
      name: 'host/alias@A.TEST',
      trueName: 'host/true@A.TEST',
      kept: ['host/alias@A.TEST'],
    });
  });
});
