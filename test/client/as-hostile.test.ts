import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InitialResult } from '../../src/client/initial.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import { ENC_PA_REP, RENEWABLE } from '../../src/messages/flags.ts';
import type { KdcReqBody } from '../../src/messages/kdc-req.ts';
import { KU_AS_REQ_CKSUM, PA_FX_FAST, PA_REQ_ENC_PA_REP } from '../../src/messages/numbers.ts';
import { tgsPrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { Checksum } from '../../src/messages/types.ts';
import {
  type Answer,
  asReply,
  type Lies,
  later,
  passwordKey,
  refusal,
  tgsReply,
} from '../support/scripted-kdc.ts';
import { login, passwordOf } from './as-support.ts';

const mallory = { nameType: 1, nameString: ['mallory'] };
const host = { nameType: 2, nameString: ['host', 'x'] };
const tgsOf = (realm: string) => toPrincipalName(tgsPrincipal(realm));
const home = { addrType: 2, address: Uint8Array.of(10, 0, 0, 1) };
const away = { addrType: 2, address: Uint8Array.of(10, 0, 0, 2) };

type Lie = Lies | ((body: KdcReqBody, request: Uint8Array) => Lies);

describe('an AS-REP that does not fit its request is refused', () => {
  const plain: readonly (readonly [string, Lie])[] = [
    ['another nonce', body => ({ part: { nonce: body.nonce ^ 1 } })],
    ['another client', { rep: { cname: mallory } }],
    ['another realm of the client', { rep: { crealm: 'B.TEST' } }],
    ['another server', { part: { sname: host }, ticket: { sname: tgsOf('A.TEST') } }],
    ['another server, also in the ticket', { part: { sname: host } }],
    ['another realm of the server', { part: { srealm: 'B.TEST' } }],
    ['the ticket-granting service of another realm', { part: { sname: tgsOf('B.TEST') } }],
    ['a ticket for another server', { ticket: { sname: host } }],
    ['a ticket of another realm', { ticket: { realm: 'B.TEST' } }],
    ['a later end', body => ({ part: { endtime: new Date(body.till.getTime() + 1000) } })],
    [
      'a renewal past the end that nobody asked for',
      body => ({ part: { flags: RENEWABLE, renewTill: new Date(body.till.getTime() + 1000) } }),
    ],
    ['a session key of an enctype not asked for', { part: { key: toEncryptionKey(randomKey(23)) } }],
    ['an encrypted part of an enctype not asked for', { key: passwordKey(23) }],
    ['a proof of the request that is missing', { part: { flags: ENC_PA_REP } }],
    ['a proof of another request', proofOf(() => Uint8Array.of(1, 2, 3))],
    ['a proof by another key', proofOf(request => request, randomKey(18))],
  ];
  it.each(plain)('%s', async (_, lie) => {
    await expect(login([asReply(lie)])).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['asked for', 7201, { lifetime: 3600, renewLifetime: 7200 }],
    ['the ticket is to live, where less was asked for', 3601, { lifetime: 3600, renewLifetime: 1800 }],
    ['the life asked for, where only a renewable ticket would do', 3601, { lifetime: 3600 }],
  ])('a later end of renewal than %s', async (_, renewed, wishes) => {
    const lie = { part: { flags: RENEWABLE, renewTill: later(renewed) } };
    await expect(login([asReply(lie)], wishes)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
    const honest = { part: { flags: RENEWABLE, renewTill: later(renewed - 1) } };
    await expect(login([asReply(honest)], wishes)).resolves.toBeDefined();
  });

  it.each([
    ['another start', { starttime: later(1800) }],
    ['no start, which means now', { starttime: undefined }],
  ])('%s of a postdated ticket', async (_, part) => {
    const wishes = { starttime: later(3600), lifetime: 600 };
    await expect(login([asReply({ part })], wishes)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['other addresses', [away]],
    ['one address more', [home, away]],
    ['no addresses', undefined],
  ])('%s', async (_, caddr) => {
    const lie = { part: { caddr } };
    await expect(login([asReply(lie)], { addresses: [home] })).rejects.toMatchObject({
      code: 'REPLY_MODIFIED',
    });
  });

  it('one address twice in place of two', async () => {
    const lie = { part: { caddr: [home, home] } };
    const answer = login([asReply(lie)], { addresses: [home, away] });
    await expect(answer).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it.each([
    ['another realm of the client than the sealed one of the server', { rep: { crealm: 'B.TEST' } }],
    ['the ticket-granting service of another realm', { part: { sname: tgsOf('B.TEST') } }],
    ['a ticket-granting service issued by another realm', { part: { srealm: 'B.TEST' } }],
    ['a service for the ticket-granting service', { part: { sname: host } }],
  ])('%s, even where names may be made canonical', async (_, lie) => {
    const answer = login([asReply(lie)], { canonicalize: true });
    await expect(answer).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });
});

describe('an AS-REP that cannot be read is refused', () => {
  it('sealed with another password', async () => {
    await expect(login([asReply()], {}, { secret: passwordOf('wrong') })).rejects.toMatchObject({
      code: 'PASSWORD_INCORRECT',
    });
  });

  it('sealed for another use', async () => {
    await expect(login([asReply({ usage: 8 })])).rejects.toMatchObject({ code: 'PASSWORD_INCORRECT' });
  });

  it('cut short at any byte', async () => {
    let whole = 2;
    for (let length = 1; length < whole; length++) {
      const cut: Answer = (request, realm) => {
        const reply = asReply()(request, realm);
        whole = reply.length;
        // A small nonce makes a reply shorter.
        return reply.subarray(0, Math.min(length, whole - 1));
      };
      await expect(login([cut])).rejects.toBeInstanceOf(KerberosError);
    }
    expect(whole).toBeGreaterThan(300);
  });

  it('made of any bytes', async () => {
    const bytes = fc.tuple(fc.constantFrom(0x6b, 0x7e, 0x6d, 0x30), fc.uint8Array({ maxLength: 60 }));
    await fc.assert(
      fc.asyncProperty(bytes, async ([tag, rest]) => {
        const junk = Uint8Array.of(tag, rest.length, ...rest);
        await expect(login([() => junk])).rejects.toBeInstanceOf(KerberosError);
      }),
    );
  });

  it('with a flipped bit anywhere but in what only the service can judge', async () => {
    const lies = { key: passwordKey(), part: { key: toEncryptionKey(randomKey(18)) } };
    const honest = facts(await login([asReply(lies)]));
    let refused = 0;
    let length = 1;
    for (let at = 0; at < length; at++) {
      const flipped: Answer = (request, realm) => {
        const reply = asReply(lies)(request, realm);
        length = reply.length;
        reply[at]! ^= 1 << (at % 8);
        return reply;
      };
      const outcome = await login([flipped]).then(facts, (error: unknown) => error);
      if (outcome instanceof KerberosError) refused++;
      else expect(outcome, `byte ${at}`).toEqual(honest);
    }
    expect(refused).toBeGreaterThan(length - 60);
  });

  it.each([
    ['a TGS-REP', (request: Uint8Array, realm: string) => retagged(asReply()(request, realm), 0x6d)],
    ['the request itself', (request: Uint8Array) => request],
    ['nothing', () => new Uint8Array(0)],
    ['a KRB-ERROR of nothing', () => Uint8Array.of(0x7e, 0)],
    [
      'a KRB-ERROR cut short',
      (request: Uint8Array, realm: string) => refusal(25)(request, realm).subarray(0, 30),
    ],
  ])('%s', async (_, answer) => {
    await expect(login([answer])).rejects.toMatchObject({ code: 'CODEC' });
  });

  it('a TGS-REP that is one, to the request of an AS exchange', async () => {
    const answer: Answer = request => tgsReply(randomKey(18))(request, 'A.TEST');
    await expect(login([answer])).rejects.toThrow();
  });
});

function proofOf(choose: (request: Uint8Array) => Uint8Array, key = passwordKey()): Lie {
  return (_, request) => {
    const padataValue = Checksum.encode(makeChecksum(key, KU_AS_REQ_CKSUM, choose(request)));
    const encryptedPaData = [
      { padataType: PA_REQ_ENC_PA_REP, padataValue },
      { padataType: PA_FX_FAST, padataValue: new Uint8Array(0) },
    ];
    return { part: { flags: ENC_PA_REP, encryptedPaData } };
  };
}

function retagged(message: Uint8Array, tag: number): Uint8Array {
  const copy = Uint8Array.from(message);
  copy[0] = tag;
  return copy;
}

/** What a client goes by; the sealed part of the ticket and name types are not among it. */
function facts({ credential, kdcOffset }: InitialResult) {
  const { client, server, key, authtime, starttime, endtime, renewTill, flags, addresses } = credential;
  const names = [client, server].map(({ components, realm }) => [...components, realm]);
  return { names, key, authtime, starttime, endtime, renewTill, flags, addresses, kdcOffset };
}
