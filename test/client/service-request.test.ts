import { describe, expect, it } from 'vitest';
import { getServiceCredential, type ServiceOptions } from '../../src/client/service.ts';
import { getUserToUserCredential } from '../../src/client/user-to-user.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { CANONICALIZE } from '../../src/messages/flags.ts';
import {
  formatPrincipal,
  hostBasedPrincipal,
  type Principal,
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
import { newCache } from './realm.ts';

const S_PRINCIPAL_UNKNOWN = 7;
const POLICY = 12;
const BADOPTION = 13;
const keys = new Map<string, Key>();

function keyOf(realm: string): Key {
  const key = keys.get(realm) ?? randomKey(18);
  keys.set(realm, key);
  return key;
}

/** alice's ticket-granting ticket of `realm`, from `issuer`. */
function tgtOf(realm: string, issuer = 'A.TEST'): Credential {
  const server = tgsPrincipal(realm, issuer);
  const encPart = { etype: 18, cipher: new Uint8Array(40) };
  return {
    client: alice,
    server,
    key: toEncryptionKey(keyOf(realm)),
    authtime: later(0),
    endtime: later(3600),
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: Ticket.encode({ realm: issuer, sname: toPrincipalName(server), encPart }),
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
}

/** What each realm's KDC grants for a name, or the error that it answers; the names it does not have are unknown. */
type World = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

interface Wish extends Partial<ServiceOptions> {
  readonly cached?: readonly Credential[];
  readonly world: World;
}

/** Asks for a ticket for `server`; who was asked for what, `!` for an answer that must be plain, and what was kept. */
async function ask(server: Principal, { world, cached = [tgtOf('A.TEST')], ...options }: Wish) {
  const cache = newCache();
  await cache.initialize({ principal: alice, credentials: cached });
  const asked: string[] = [];
  const answer: Answer = (request, realm) => {
    const { sname, kdcOptions } = bodyOf(request);
    const name = sname!.nameString.join('/');
    const plain = (kdcOptions & CANONICALIZE) === 0 && !name.startsWith('krbtgt/');
    asked.push(`${name}@${realm}${plain ? '!' : ''}`);
    const granted = world[realm]?.[plain ? `${name}!` : name] ?? world[realm]?.[name] ?? S_PRINCIPAL_UNKNOWN;
    if (typeof granted === 'number') return refusal(granted)(request, realm);
    const { components } = parsePrincipal(`${granted}@${realm}`);
    const next = components[0] === 'krbtgt' ? components[1]! : 'service';
    const part = { sname: { nameType: 2, nameString: components }, key: toEncryptionKey(keyOf(next)) };
    return tgsReply(keyOf(realm), { part })(request, realm);
  };
  const getting = getServiceCredential(cache, server, {
    transport: scripted(answer),
    now: () => NOW,
    ...options,
  });
  const outcome = await getting.then(
    ({ server: name, ticket }) => ({ name: formatPrincipal(name), realm: Ticket.decode(ticket).realm }),
    (error: Error & { errorCode?: number; code?: string }) => error.errorCode ?? error.code,
  );
  const { credentials } = await cache.load();
  const kept = credentials.slice(cached.length).map(credential => formatPrincipal(credential.server));
  return { outcome, asked, kept };
}

const host = (name: string, realm = ''): Principal => hostBasedPrincipal('host', name, realm);
const typed = host('Typed');

describe('a server that goes by several names', () => {
  const candidates = async function* () {
    yield host('plain');
    yield host('canonical.b.test', 'B.TEST');
  };

  it('is asked for by each in turn until one is known, and kept under the name asked for', async () => {
    const world = {
      'A.TEST': { 'krbtgt/B.TEST': 'krbtgt/B.TEST' },
      'B.TEST': { 'host/canonical.b.test': 'host/canonical.b.test' },
    };
    expect(await ask(typed, { world, candidates })).toEqual({
      outcome: { name: 'host/Typed@', realm: 'B.TEST' },
      asked: ['host/plain@A.TEST', 'krbtgt/B.TEST@A.TEST', 'host/canonical.b.test@B.TEST'],
      kept: ['krbtgt/B.TEST@A.TEST', 'host/Typed@'],
    });
  });

  it('is not asked for by the second name where the first is known', async () => {
    const world = { 'A.TEST': { 'host/plain': 'host/plain' } };
    const { asked, kept } = await ask(typed, { world, candidates });
    expect([asked, kept]).toEqual([['host/plain@A.TEST'], ['host/Typed@']]);
  });

  it('is not asked for by the second name where the first is refused', async () => {
    const { outcome, asked } = await ask(typed, {
      world: { 'A.TEST': { 'host/plain': POLICY } },
      candidates,
    });
    expect([outcome, asked]).toEqual([POLICY, ['host/plain@A.TEST']]);
  });

  it('is unknown where no name is known', async () => {
    const { outcome, kept } = await ask(typed, { world: {}, candidates });
    expect([outcome, kept]).toEqual([S_PRINCIPAL_UNKNOWN, []]);
  });

  it('is found in the cache by the name asked for, without another look at the names', async () => {
    const cached = [tgtOf('A.TEST'), { ...tgtOf('A.TEST'), server: typed }];
    const never = () => expect.unreachable();
    const { outcome, asked } = await ask(typed, { world: {}, cached, candidates: never });
    expect([outcome, asked]).toEqual([{ name: 'host/Typed@', realm: 'A.TEST' }, []]);
  });

  it("is taken for one of the client's realm where the cache has that", async () => {
    const cached = [tgtOf('A.TEST'), { ...tgtOf('A.TEST'), server: host('Typed', 'A.TEST') }];
    expect((await ask(typed, { world: {}, cached })).asked).toEqual([]);
    expect((await ask(host('Typed', 'B.TEST'), { world: {}, cached })).asked).not.toEqual([]);
  });

  it('may be a user as well', async () => {
    const cache = newCache();
    await cache.initialize({ principal: alice, credentials: [tgtOf('A.TEST')] });
    const asked: string[] = [];
    const transport = scripted((request, realm) => {
      asked.push(bodyOf(request).sname!.nameString.join('/'));
      return refusal(S_PRINCIPAL_UNKNOWN)(request, realm);
    });
    const both = async function* () {
      yield host('a');
      yield host('b');
    };
    const peer = { server: typed, secondTicket: tgtOf('A.TEST').ticket };
    const getting = getUserToUserCredential(cache, peer, { transport, now: () => NOW, candidates: both });
    await expect(getting).rejects.toMatchObject({ errorCode: S_PRINCIPAL_UNKNOWN });
    expect(asked).toEqual(['host/a', 'host/b']);
  });
});

describe('a host whose realm nobody knows', () => {
  const fallbackRealm = async (name: string) => (name === 'www.b.test' ? 'B.TEST' : undefined);
  const www = host('www.b.test');

  it('is asked for in the fallback realm, plainly, after the KDC here has not referred to another', async () => {
    const world = {
      'A.TEST': { 'krbtgt/B.TEST': 'krbtgt/B.TEST' },
      'B.TEST': { 'host/www.b.test': 'host/www.b.test' },
    };
    const traced: string[] = [];
    const trace = (line: string) => traced.push(line);
    expect(await ask(www, { world, fallbackRealm, trace })).toEqual({
      outcome: { name: 'host/www.b.test@', realm: 'B.TEST' },
      asked: ['host/www.b.test@A.TEST', 'krbtgt/B.TEST@A.TEST', 'host/www.b.test@B.TEST!'],
      kept: ['krbtgt/B.TEST@A.TEST', 'host/www.b.test@'],
    });
    expect(traced).toContain('Local realm referral failed; trying fallback realm B.TEST');
  });

  it('is asked for there by the ticket that the cache has', async () => {
    const world = { 'B.TEST': { 'host/www.b.test': 'host/www.b.test' } };
    const cached = [tgtOf('A.TEST'), tgtOf('B.TEST', 'X.TEST')];
    expect((await ask(www, { world, fallbackRealm, cached })).asked).toEqual([
      'host/www.b.test@A.TEST',
      'host/www.b.test@B.TEST!',
    ]);
  });

  it.each([
    ['the KDC here refers to another realm', { 'A.TEST': { 'host/www.b.test': 'krbtgt/C.TEST' } }, www],
    ['its realm is known', {}, host('www.b.test', 'A.TEST')],
    ['it has no other', {}, host('short')],
  ])('is not asked for elsewhere where %s', async (_, world, server) => {
    const { outcome, asked } = await ask(server, { world, fallbackRealm });
    expect(outcome).toBe(S_PRINCIPAL_UNKNOWN);
    expect(asked).not.toContain('krbtgt/B.TEST@A.TEST');
  });

  it('is refused, not sought, where the KDC here knows and refuses it', async () => {
    const world = { 'A.TEST': { 'host/www.b.test': POLICY } };
    const never = () => expect.unreachable();
    expect((await ask(www, { world, fallbackRealm: never })).outcome).toBe(POLICY);
  });
});

describe('a KDC of old', () => {
  it('that knows no canonicalization is asked again without', async () => {
    const world = { 'A.TEST': { 'host/x': BADOPTION, 'host/x!': 'host/x' } };
    const { outcome, asked } = await ask(host('x', 'A.TEST'), { world });
    expect(outcome).toEqual({ name: 'host/x@A.TEST', realm: 'A.TEST' });
    expect(asked).toEqual(['host/x@A.TEST', 'host/x@A.TEST!']);
  });

  it('that refers to its own realm is asked again without', async () => {
    const world = { 'A.TEST': { 'host/x': 'krbtgt/A.TEST', 'host/x!': 'host/x' } };
    const { outcome, kept } = await ask(host('x'), { world });
    expect([outcome, kept]).toEqual([{ name: 'host/x@', realm: 'A.TEST' }, ['host/x@']]);
  });

  it('is asked once where the caller wants no canonicalization', async () => {
    const world = { 'A.TEST': { 'host/x': BADOPTION } };
    const { outcome, asked } = await ask(host('x', 'A.TEST'), { world, canonicalize: false });
    expect([outcome, asked]).toEqual([BADOPTION, ['host/x@A.TEST!']]);
  });
});

describe('the tickets on the way', () => {
  const through = {
    'A.TEST': { 'krbtgt/C.TEST': 'krbtgt/B.TEST' },
    'B.TEST': { 'krbtgt/C.TEST': 'krbtgt/C.TEST' },
  };
  const world = { ...through, 'C.TEST': { 'host/c': 'host/c', 'host/d': 'host/d' } };

  it('serve again: the last of them alone is asked with', async () => {
    const cached = [tgtOf('A.TEST'), tgtOf('B.TEST'), tgtOf('C.TEST', 'B.TEST')];
    expect((await ask(host('d', 'C.TEST'), { world, cached })).asked).toEqual(['host/d@C.TEST']);
  });

  it('serve again as far as they lead', async () => {
    const realmPath = () => ['A.TEST', 'B.TEST', 'C.TEST'];
    const cached = [tgtOf('A.TEST'), tgtOf('B.TEST')];
    const closed = { ...world, 'A.TEST': {} };
    expect(await ask(host('c', 'C.TEST'), { world: closed, cached, realmPath })).toMatchObject({
      asked: ['krbtgt/C.TEST@A.TEST', 'krbtgt/C.TEST@B.TEST', 'host/c@C.TEST'],
      kept: ['krbtgt/C.TEST@B.TEST', 'host/c@C.TEST'],
    });
  });

  it('are kept where they lie on the way that is configured', async () => {
    const realmPath = () => ['A.TEST', 'B.TEST', 'C.TEST'];
    const { kept } = await ask(host('c', 'C.TEST'), { world, realmPath });
    expect(kept).toEqual(['krbtgt/B.TEST@A.TEST', 'krbtgt/C.TEST@B.TEST', 'host/c@C.TEST']);
  });

  it('are for this once where a realm off that way has issued them', async () => {
    const { outcome, kept } = await ask(host('c', 'C.TEST'), { world });
    expect(outcome).toEqual({ name: 'host/c@C.TEST', realm: 'C.TEST' });
    expect(kept).toEqual(['krbtgt/B.TEST@A.TEST', 'host/c@C.TEST']);
  });

  it('do not serve to come home by', async () => {
    const cached = [{ ...tgtOf('A.TEST'), endtime: later(-60) }, tgtOf('A.TEST', 'B.TEST')];
    expect(await ask(host('c', 'A.TEST'), { world, cached })).toMatchObject({
      outcome: 'TICKET_EXPIRED',
      asked: [],
    });
  });

  it('do not serve another client', async () => {
    const others = { ...tgtOf('C.TEST', 'B.TEST'), client: parsePrincipal('bob@A.TEST') };
    const { asked } = await ask(host('d', 'C.TEST'), { world, cached: [tgtOf('A.TEST'), others] });
    expect(asked[0]).toBe('krbtgt/C.TEST@A.TEST');
  });

  it('do not serve once they have expired', async () => {
    const old = { ...tgtOf('C.TEST', 'B.TEST'), endtime: later(-60) };
    const { asked } = await ask(host('d', 'C.TEST'), { world, cached: [tgtOf('A.TEST'), old] });
    expect(asked[0]).toBe('krbtgt/C.TEST@A.TEST');
  });
});
