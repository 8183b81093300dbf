import { describe, expect, it } from 'vitest';
import { fastNote } from '../../src/client/fast-available.ts';
import { getCredentialForUser, type S4uUser } from '../../src/client/s4u.ts';
import type { ServiceOptions } from '../../src/client/service.ts';
import { verifyChecksum, verifyHmacMd5 } from '../../src/crypto/checksum.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { CANONICALIZE, FORWARDABLE } from '../../src/messages/flags.ts';
import { TgsRep } from '../../src/messages/kdc-rep.ts';
import { PA_FX_FAST } from '../../src/messages/numbers.ts';
import type { Principal } from '../../src/messages/principal.ts';
import {
  formatPrincipal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import {
  forUserChecksumInput,
  KU_PA_FOR_USER_CKSUM,
  KU_PA_S4U_X509_USER_REQUEST,
  PA_FOR_USER,
  PA_S4U_X509_USER,
  PaForUser,
  PaS4uX509User,
  S4uUserId,
} from '../../src/messages/s4u.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { type FastLies, inFast } from '../support/fast-kdc.ts';
import { type Answer, bodyOf, NOW, scripted, tgsReply } from '../support/scripted-kdc.ts';
import { newCache } from './realm.ts';
import {
  bob,
  dataOf,
  type ForUserLies,
  forUserReply,
  front,
  newTgt,
  session,
  subkeyOf,
  tgsPadata,
} from './s4u-support.ts';

interface Situation {
  readonly user?: S4uUser;
  readonly options?: Partial<ServiceOptions>;
  /** The session key of the service's ticket-granting ticket. */
  readonly key?: Key;
  /** The cache notes that the realm does FAST. */
  readonly fast?: boolean;
}

async function ask(
  answers: readonly Answer[],
  { user = { name: bob }, options = {}, key = session, fast = false }: Situation = {},
) {
  const cache = newCache();
  const notes = fast ? [fastNote(front, tgsPrincipal('A.TEST'))] : [];
  await cache.initialize({ principal: front, credentials: [...notes, newTgt(key)] });
  const transport = scripted(...answers);
  const full = { transport, now: () => NOW, ...options };
  return { cache, transport, asking: getCredentialForUser(cache, user, full), options: full };
}

describe('a ticket in the name of a user', () => {
  it('is got from the KDC once, then from the cache', async () => {
    const { cache, transport, asking, options } = await ask([forUserReply(session)]);
    const first = await asking;
    expect([first.client, first.server].map(principal => formatPrincipal(principal))).toEqual([
      'bob@A.TEST',
      'front/x@A.TEST',
    ]);
    expect((await getCredentialForUser(cache, { name: bob }, options)).ticket).toEqual(first.ticket);
    expect(transport.requests).toHaveLength(1);
  });

  it('is no ticket in the name of another, nor in the own one', async () => {
    const { cache, transport, asking, options } = await ask([forUserReply(session)]);
    await asking;
    const carol = parsePrincipal('carol@A.TEST');
    expect((await getCredentialForUser(cache, { name: carol }, options)).client).toMatchObject({
      components: ['carol'],
    });
    expect(transport.requests).toHaveLength(2);
    const cachedOnly = { ...options, cachedOnly: true };
    const asked = getCredentialForUser(cache, { name: { ...bob, realm: 'B.TEST' } }, cachedOnly);
    await expect(asked).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_FOUND' });
  });

  it('is asked for with both padata, bound to the request and to the ticket presented', async () => {
    const { transport, asking } = await ask([forUserReply(session)]);
    await asking;
    const [request] = transport.requests as [Uint8Array];
    const padata = tgsPadata(request);
    expect(padata.map(({ padataType }) => padataType)).toEqual([1, PA_S4U_X509_USER, PA_FOR_USER]);
    const body = bodyOf(request);
    expect(body.kdcOptions).toBe(FORWARDABLE | CANONICALIZE);
    expect(body.sname).toEqual(toPrincipalName(front));
    const { userId, checksum } = PaS4uX509User.decode(dataOf(padata, PA_S4U_X509_USER));
    expect(S4uUserId.decode(userId)).toEqual({
      nonce: body.nonce,
      cname: toPrincipalName(bob),
      crealm: 'A.TEST',
      options: 0x20000000,
    });
    const subkey = subkeyOf(request, session);
    expect(verifyChecksum(subkey, KU_PA_S4U_X509_USER_REQUEST, userId, checksum)).toBe(true);
    const forUser = PaForUser.decode(dataOf(padata, PA_FOR_USER));
    const input = forUserChecksumInput(bob, 'Kerberos');
    expect(Buffer.from(input)).toEqual(Buffer.from('\x01\0\0\0bobA.TESTKerberos'));
    expect(verifyHmacMd5(session, KU_PA_FOR_USER_CKSUM, input, forUser.cksum.checksum)).toBe(true);
  });

  it('is taken from a KDC that vouches for nobody and names the one asked for', async () => {
    const { asking } = await ask([forUserReply(session, { silent: true })]);
    expect((await asking).client.components).toEqual(['bob']);
  });

  it('goes by the name that the KDC vouches for', async () => {
    const robert = { nameType: 1, nameString: ['robert'] };
    const { asking } = await ask([forUserReply(session, { userId: { cname: robert } })]);
    expect((await asking).client.components).toEqual(['robert']);
  });

  it('can be had with an RC4 session key', async () => {
    const rc4 = randomKey(23);
    const { asking } = await ask([forUserReply(rc4)], { options: { enctypes: [23] }, key: rc4 });
    expect((await asking).client.components).toEqual(['bob']);
  });

  it('needs a name or a certificate', async () => {
    const { asking } = await ask([forUserReply(session)], { user: {} });
    await expect(asking).rejects.toBeInstanceOf(TypeError);
  });
});

describe('a reply in the name of a user is refused', () => {
  const carol = parsePrincipal('carol@A.TEST');
  const name = toPrincipalName(carol);
  const lies: readonly (readonly [string, ForUserLies, string?])[] = [
    ['that is for the service itself', { client: front, silent: true }, 'S4U_IGNORED'],
    ['that is for the service itself, though it vouches for the user', { client: front }, 'S4U_IGNORED'],
    ['that is for another, of whom it says nothing', { client: carol, silent: true }],
    ['that is for another than it vouches for', { client: carol }],
    ['that is for another realm’s user', { client: { ...bob, realm: 'B.TEST' } }],
    ['that vouches for another realm’s user', { userId: { crealm: 'B.TEST' } }],
    ['that vouches with another nonce', { userId: { nonce: 1 } }],
    ['that vouches with another key', { vouchKey: randomKey(18) }],
    ['that vouches for another use', { vouchUsage: KU_PA_S4U_X509_USER_REQUEST }],
    ['that vouches for another use than it says', { userId: { options: 0 } }],
    ['that vouches in its sealed part alone', { silent: true, echo: Uint8Array.of(1) }],
    ['that is for another service', { part: { sname: name } }],
    [
      'that refers to another realm in the name of the user',
      { part: { sname: toPrincipalName(tgsPrincipal('B.TEST')) } },
    ],
    ['whose padata are none', { rep: { padata: [{ padataType: 130, padataValue: someTicket() }] } }, 'CODEC'],
  ];
  const rows = lies.map(([what, lie, code = 'REPLY_MODIFIED']) => [what, lie, code] as const);
  it.each(rows)('%s', async (_, lie, code) => {
    const { cache, asking } = await ask([forUserReply(session, lie)]);
    await expect(asking).rejects.toMatchObject({ code });
    expect((await cache.load()).credentials).toHaveLength(1);
  });

  it('that sends the request’s own padata back', async () => {
    const reflecting: Answer = (request, realm) => {
      const padataValue = dataOf(tgsPadata(request), PA_S4U_X509_USER);
      const rep = { padata: [{ padataType: PA_S4U_X509_USER, padataValue }] };
      return tgsReply(session, { rep }, bob)(request, realm);
    };
    const { asking } = await ask([reflecting]);
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['nothing', undefined],
    ['something else', new Uint8Array(32)],
    ['half of it', new Uint8Array(16)],
  ])('that with an RC4 session key repeats %s in its sealed part', async (_, echo) => {
    const rc4 = randomKey(23);
    const { asking } = await ask([forUserReply(rc4, { echo })], { options: { enctypes: [23] }, key: rc4 });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

describe('a ticket in the name of a user, within FAST', () => {
  const honest = (lies: ForUserLies = {}, fastLies?: FastLies) =>
    inFast(
      session,
      ({ strengthen, subkey }) => forUserReply(session, { key: strengthen(subkey), ...lies }),
      fastLies,
    );
  const ended = (client: Principal): FastLies => {
    const name = { cname: toPrincipalName(client), crealm: client.realm };
    return response => ({ ...response, finished: { ...response.finished!, ...name } });
  };

  it('is asked for inside the armor, and outside for those who look there', async () => {
    const { transport, asking } = await ask([honest()], { fast: true });
    expect((await asking).client.components).toEqual(['bob']);
    const types = tgsPadata(transport.requests[0]!).map(({ padataType }) => padataType);
    expect(types).toEqual([1, PA_FX_FAST, PA_S4U_X509_USER, PA_FOR_USER]);
  });

  it('is for whom the armor says, whatever is said outside', async () => {
    const outside: Answer = (request, realm) => {
      const reply = TgsRep.decode(honest()(request, realm));
      return TgsRep.encode({ ...reply, cname: toPrincipalName(front) });
    };
    const { asking } = await ask([outside], { fast: true });
    expect((await asking).client.components).toEqual(['bob']);
  });

  it.each<[string, Answer, string]>([
    ['for the service itself', honest({}, ended(front)), 'S4U_IGNORED'],
    ['for another', honest({}, ended(parsePrincipal('carol@A.TEST'))), 'REPLY_MODIFIED'],
    ['for another, where nobody vouches', honest({ silent: true }, ended(front)), 'S4U_IGNORED'],
    ['vouched for by another key', honest({ vouchKey: randomKey(18) }), 'REPLY_MODIFIED'],
  ])('may not be %s', async (_, answer, code) => {
    const { cache, asking } = await ask([answer], { fast: true });
    await expect(asking).rejects.toMatchObject({ code });
    expect((await cache.load()).credentials).toHaveLength(2);
  });
});

describe('a user of another realm', () => {
  const inB = parsePrincipal('bob@B.TEST');
  const crossKey = randomKey(18);
  const backKey = randomKey(18);
  const crossTgt = tgsReply(session, tgtLies('B.TEST', 'A.TEST', crossKey), front);
  const referral = (lies: ForUserLies = {}): Answer =>
    forUserReply(crossKey, { ...tgtLies('A.TEST', 'B.TEST', backKey), client: front, ...lies });

  it('is asked for there, and the referral from there leads home', async () => {
    const robert = { nameType: 1, nameString: ['robert'] };
    const answers = [crossTgt, referral({ userId: { cname: robert } }), forUserReply(backKey)];
    const { cache, transport, asking } = await ask(answers, { user: { name: inB } });
    expect(formatPrincipal((await asking).client)).toBe('robert@B.TEST');
    const [, there, home] = transport.requests as [Uint8Array, Uint8Array, Uint8Array];
    expect(bodyOf(there).sname).toEqual({ nameType: 10, nameString: ['front/x@A.TEST'] });
    expect(bodyOf(home).sname).toEqual(toPrincipalName(front));
    const { userId } = PaS4uX509User.decode(dataOf(tgsPadata(home), PA_S4U_X509_USER));
    expect(S4uUserId.decode(userId)).toMatchObject({ cname: robert, crealm: 'B.TEST' });
    const kept = (await cache.load()).credentials.map(({ server }) => formatPrincipal(server));
    expect(kept).toEqual(['krbtgt/A.TEST@A.TEST', 'krbtgt/B.TEST@A.TEST', 'front/x@A.TEST']);
  });

  it.each<[string, readonly Answer[]]>([
    [
      'renamed at home',
      [crossTgt, referral(), forUserReply(backKey, { userId: { cname: toPrincipalName(front) } })],
    ],
    ['exchanged at home', [crossTgt, referral(), forUserReply(backKey, { client: bob })]],
    ['made one of ours', [crossTgt, referral({ userId: { crealm: 'A.TEST' } })]],
    [
      'referred in circles',
      [crossTgt, forUserReply(crossKey, { ...tgtLies('B.TEST', 'B.TEST', crossKey), client: front })],
    ],
    ['given a ticket there', [crossTgt, forUserReply(crossKey, { client: inB })]],
  ])('may not be %s', async (_, answers) => {
    const { asking } = await ask(answers, { user: { name: inB } });
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

function tgtLies(realm: string, issuer: string, key: typeof session): ForUserLies {
  const sname = toPrincipalName(tgsPrincipal(realm));
  return {
    part: { sname, srealm: issuer, key: { keytype: key.etype, keyvalue: key.bytes } },
    ticket: { sname, realm: issuer },
  };
}

function someTicket(): Uint8Array {
  return Ticket.encode({
    realm: 'A.TEST',
    sname: toPrincipalName(front),
    encPart: { etype: 18, cipher: new Uint8Array(8) },
  });
}
