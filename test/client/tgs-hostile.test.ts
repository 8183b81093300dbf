import { describe, expect, it } from 'vitest';
import { renewCredential, validateCredential } from '../../src/client/renew.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { CANONICALIZE } from '../../src/messages/flags.ts';
import type { KdcReqBody } from '../../src/messages/kdc-req.ts';
import { parsePrincipal, tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import {
  type Answer,
  alice,
  asReply,
  type Lies,
  later,
  NOW,
  refusal,
  scripted,
  tgsReply,
} from '../support/scripted-kdc.ts';

const session = randomKey(18);
const host = parsePrincipal('host/x@A.TEST');
const mallory = { nameType: 1, nameString: ['mallory'] };
const other = { nameType: 2, nameString: ['host', 'y'] };
const tgsOf = (realm: string) => toPrincipalName(tgsPrincipal(realm));

const tgt: Credential = {
  client: alice,
  server: tgsPrincipal('A.TEST'),
  key: toEncryptionKey(session),
  authtime: later(0),
  starttime: later(0),
  endtime: later(3600),
  flags: 0,
  addresses: [],
  authorizationData: [],
  ticket: Ticket.encode({
    realm: 'A.TEST',
    sname: tgsOf('A.TEST'),
    encPart: { etype: 18, cipher: new Uint8Array(40) },
  }),
  secondTicket: new Uint8Array(0),
  isSkey: false,
};

function ask(answer: Answer, kdcOptions = 0, server = host): Promise<Credential> {
  return exchangeTgs(tgt, server, { kdcOptions }, { transport: scripted(answer), now: () => NOW });
}

describe('a TGS-REP that does not fit its request is refused', () => {
  const lies: readonly (readonly [string, Lies | ((body: KdcReqBody) => Lies)])[] = [
    ['another nonce', body => ({ part: { nonce: body.nonce ^ 1 } })],
    ['another client', { rep: { cname: mallory } }],
    ['another realm of the client', { rep: { crealm: 'B.TEST' } }],
    ['another server', { part: { sname: other } }],
    ['another realm of the server', { part: { srealm: 'B.TEST' } }],
    ['a referral that nobody asked for', { part: { sname: tgsOf('B.TEST') } }],
    ['a ticket for another server', { ticket: { sname: other } }],
    ['a ticket of another realm', { ticket: { realm: 'B.TEST' } }],
    ['a later end than that of the ticket-granting ticket', { part: { endtime: later(3601) } }],
    ['a session key of an enctype not asked for', { part: { key: toEncryptionKey(randomKey(23)) } }],
  ];
  it.each(lies)('%s', async (_, lie) => {
    await expect(ask(tgsReply(session, lie))).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['in the session key', { key: session, usage: 8 }, 'INTEGRITY'],
    ['in the session key, as if it were the subkey', { key: session }, 'INTEGRITY'],
    ['for another use', { usage: 3 }, 'INTEGRITY'],
    ['in an enctype that was not asked for', { key: randomKey(23) }, 'ENCTYPE_UNSUPPORTED'],
  ])('sealed %s', async (_, lie, code) => {
    await expect(ask(tgsReply(session, lie))).rejects.toMatchObject({ code });
  });

  it('cut short at any byte', async () => {
    let whole = 2;
    for (let length = 0; length < whole; length++) {
      const cut: Answer = (request, realm) => {
        const reply = tgsReply(session)(request, realm);
        whole = reply.length;
        // A small nonce makes a reply shorter.
        return reply.subarray(0, Math.min(length, whole - 1));
      };
      await expect(ask(cut)).rejects.toBeInstanceOf(KerberosError);
    }
    expect(whole).toBeGreaterThan(300);
  });

  it.each([
    ['an AS-REP', (reply: Uint8Array) => asReply({ rep: { cname: toPrincipalName(alice) } })(reply, '')],
    ['a TGS-REP under the tag of an AS-REP', (_: Uint8Array, reply: Uint8Array) => retagged(reply, 0x6b)],
    ['a KRB-ERROR of nothing', () => Uint8Array.of(0x7e, 0)],
    ['the request', (request: Uint8Array) => request],
  ])('%s', async (_, instead) => {
    const asking = ask((request, realm) => instead(request, tgsReply(session)(request, realm)));
    await expect(asking).rejects.toMatchObject({ code: 'CODEC' });
  });

  it.each([
    ['the referral of another realm', { part: { sname: tgsOf('B.TEST'), srealm: 'C.TEST' } }],
    ['an alias of another realm', { part: { sname: other, srealm: 'C.TEST' } }],
  ])('%s, even where names may be made canonical', async (_, lie) => {
    await expect(ask(tgsReply(session, lie), CANONICALIZE)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['a service', other],
    ['the ticket-granting service of another realm', tgsOf('B.TEST')],
  ])('%s in place of our own ticket-granting service', async (_, sname) => {
    const asking = ask(tgsReply(session, { part: { sname } }), 0, tgsPrincipal('A.TEST'));
    await expect(asking).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('a KDC that refuses is heard', async () => {
    await expect(ask(refusal(7))).rejects.toMatchObject({ code: 'KDC_ERROR', errorCode: 7 });
  });
});

it('a ticket starts at its authtime where the KDC states no start, as in the caches of MIT', async () => {
  const { starttime } = await ask(tgsReply(session, { part: { authtime: later(1), starttime: undefined } }));
  expect(starttime).toEqual(later(1));
});

describe('what is renewed or validated', () => {
  const options = (answer: Answer) => ({ transport: scripted(answer), now: () => NOW });

  it.each([
    ['renewed', renewCredential],
    ['validated', validateCredential],
  ])('is %s as the same ticket', async (_, again) => {
    const later2 = await again(tgt, options(tgsReply(session, { part: { endtime: later(7200) } })));
    expect([later2.server.components, later2.endtime]).toEqual([['krbtgt', 'A.TEST'], later(7200)]);
    const swapped = again(tgt, options(tgsReply(session, { part: { sname: tgsOf('B.TEST') } })));
    await expect(swapped).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('is not another realm’s ticket in place of the one there was', async () => {
    const foreign = { ...tgt, server: tgsPrincipal('B.TEST', 'A.TEST') };
    const swapped = renewCredential(
      foreign,
      options(tgsReply(session, { part: { sname: tgsOf('C.TEST') } })),
    );
    await expect(swapped).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('may be a ticket for a service', async () => {
    const ticket = { ...tgt, server: host };
    const renewed = await renewCredential(ticket, options(tgsReply(session)));
    expect(renewed.server.components).toEqual(['host', 'x']);
  });
});

describe('names that were asked to be made canonical', () => {
  it('may be an alias of the service or a referral', async () => {
    const [alias, referral] = await Promise.all([
      ask(tgsReply(session, { part: { sname: other } }), CANONICALIZE),
      ask(tgsReply(session, { part: { sname: tgsOf('B.TEST') } }), CANONICALIZE),
    ]);
    expect([alias, referral].map(({ server }) => server.components)).toEqual([
      ['host', 'y'],
      ['krbtgt', 'B.TEST'],
    ]);
  });
});

function retagged(message: Uint8Array, tag: number): Uint8Array {
  const copy = Uint8Array.from(message);
  copy[0] = tag;
  return copy;
}
