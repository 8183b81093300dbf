import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import type { KrbFastResponse } from '../../src/messages/fast.ts';
import { AsRep } from '../../src/messages/kdc-rep.ts';
import { KdcError } from '../../src/messages/krb-error.ts';
import {
  KU_ENC_CHALLENGE_CLIENT,
  KU_FAST_FINISHED,
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
} from '../../src/messages/numbers.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { seal, toEncryptionKey } from '../../src/messages/seal.ts';
import { Ticket } from '../../src/messages/ticket.ts';
import { EncryptedData, type PaData } from '../../src/messages/types.ts';
import { challengeKey } from '../../src/preauth/fast-keys.ts';
import { type FastLies, inFast, kdcChallenge, type OpenedArmor } from '../support/fast-kdc.ts';
import {
  type Answer,
  asReply,
  type Lies,
  later,
  passwordKey,
  preauthRequired,
  refusal,
  scripted,
} from '../support/scripted-kdc.ts';
import { armoredLogin, challenging, honest, offerChallenge, session } from './fast-support.ts';

const mallory = { nameType: 1, nameString: ['mallory'] };
const offerTimestamp: PaData = { padataType: PA_ENC_TIMESTAMP, padataValue: new Uint8Array(0) };
const wanting = inFast(session, () => preauthRequired([offerChallenge]));

describe('a reply within FAST that does not fit its request is refused', () => {
  const finished = (lie: Partial<NonNullable<KrbFastResponse['finished']>>) => (told: KrbFastResponse) => ({
    ...told,
    finished: { ...told.finished!, ...lie },
  });
  it.each<[string, FastLies]>([
    ['another nonce', told => ({ ...told, nonce: told.nonce ^ 1 })],
    ['no end', { finished: undefined }],
    ['another client', finished({ cname: mallory })],
    ['another realm of the client', finished({ crealm: 'B.TEST' })],
    [
      "another ticket's checksum",
      finished({ ticketChecksum: makeChecksum(session, KU_FAST_FINISHED, Uint8Array.of(1)) }),
    ],
    ['no challenge of the KDC', { padata: [] }],
    [
      'a challenge that is no message',
      { padata: [{ padataType: PA_ENCRYPTED_CHALLENGE, padataValue: Uint8Array.of(4, 0) }] },
    ],
  ])('%s', async (_, lies) => {
    await expect(armoredLogin(challenging(lies))).rejects.toMatchObject({
      code: expect.stringMatching(/REPLY_MODIFIED|CODEC/),
    });
  });

  it('a strengthen-key that is not the one', async () => {
    const lies = { strengthenKey: toEncryptionKey(randomKey(18)) };
    await expect(armoredLogin(challenging(lies))).rejects.toMatchObject({ code: 'PASSWORD_INCORRECT' });
  });

  it('a strengthen-key of another enctype', async () => {
    const lies = { strengthenKey: toEncryptionKey(randomKey(17)) };
    await expect(armoredLogin(challenging(lies))).rejects.toMatchObject({ code: 'ENCTYPE_UNSUPPORTED' });
  });

  it.each<[string, (armor: OpenedArmor) => PaData]>([
    ['of somebody who has not the key', ({ armorKey }) => kdcChallenge(armorKey, randomKey(18))],
    ['in another armor', () => kdcChallenge(session, passwordKey())],
    ["that is the client's own", ({ armorKey }) => ownChallenge(armorKey)],
  ])('a challenge %s', async (_, challenge) => {
    const kdc = challenging({}, armor => ({ ...honest(armor), rep: { padata: [challenge(armor)] } }));
    await expect(armoredLogin(kdc)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('another ticket than the one that was vouched for', async () => {
    const sname = { nameType: 2, nameString: ['krbtgt', 'A.TEST'] };
    const encPart = { etype: 18, kvno: 1, cipher: new Uint8Array(41) };
    const ticket = Ticket.encode({ realm: 'A.TEST', sname, encPart });
    const swapped = altered(request => AsRep.encode({ ...AsRep.decode(request), ticket }));
    await expect(armoredLogin(swapped)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('the reply to another conversation', async () => {
    const kdc = challenging();
    let kept: Uint8Array | undefined;
    const keeping: Answer = (request, realm) => {
      kept = inFast(session, armor => asReply(honest(armor)))(request, realm);
      return kept;
    };
    await armoredLogin([wanting, keeping]);
    await expect(armoredLogin([wanting, () => kept!])).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
    expect(kdc.requests).toEqual([]);
  });

  it('any flipped bit within the armor', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async place => {
        const kdc = altered(reply => {
          const rep = AsRep.decode(reply);
          const [fast] = rep.padata!;
          const padataValue = Uint8Array.from(fast!.padataValue);
          padataValue[Math.floor(place * padataValue.length)]! ^= 1;
          return AsRep.encode({ ...rep, padata: [{ ...fast!, padataValue }] });
        });
        await expect(armoredLogin(kdc)).rejects.toBeInstanceOf(KerberosError);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a KDC that does as if there were no armor is refused', () => {
  it('with a ticket', async () => {
    await expect(armoredLogin([asReply()])).rejects.toMatchObject({ code: 'FAST_REQUIRED' });
    await expect(armoredLogin([wanting, asReply()])).rejects.toMatchObject({ code: 'FAST_REQUIRED' });
  });

  it('with a ticket beside an empty PA-FX-FAST', async () => {
    const empty = { padataType: 136, padataValue: new Uint8Array(0) };
    const answer = asReply({ rep: { padata: [empty] } });
    await expect(armoredLogin([answer])).rejects.toMatchObject({ code: 'FAST_REQUIRED' });
  });

  it('asking for a weaker mechanism, and gets nothing', async () => {
    const kdc = scripted(preauthRequired([offerTimestamp]), asReply());
    await expect(armoredLogin(kdc)).rejects.toMatchObject({
      code: 'FAST_REQUIRED',
      message: 'FAST protected pre-authentication required but not supported by KDC',
    });
    expect(kdc.requests).toHaveLength(1);
  });
});

describe('an error outside the armor', () => {
  it.each([
    ['wrong password', refusal(24), 24],
    ['unknown client', refusal(6), 6],
    ['wrong clock', refusal(37, { stime: later(600) }), 37],
    ['another realm', refusal(68, { crealm: 'B.TEST', cname: mallory }), 68],
    ['begin anew', refusal(90), 90],
    ['more data', refusal(91), 91],
  ])('ends the exchange and is nothing to go by: %s', async (_, error, errorCode) => {
    const kdc = scripted(wanting, error, wanting);
    const failure: unknown = await armoredLogin(kdc, { canonicalize: true }).catch(reason => reason);
    expect(failure).toMatchObject({ code: 'KDC_ERROR', errorCode, detail: 'not protected by FAST' });
    expect(failure).not.toBeInstanceOf(KdcError);
    expect(kdc.requests).toHaveLength(2);
  });
});

describe('an error within the armor is refused', () => {
  it.each<[string, FastLies]>([
    ['with another nonce', told => ({ ...told, nonce: told.nonce ^ 1 })],
    ['without the error', { padata: [offerTimestamp] }],
  ])('%s', async (_, lies) => {
    const answer = inFast(session, () => preauthRequired([offerChallenge]), lies);
    await expect(armoredLogin([answer])).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('that was the answer to the first request', async () => {
    let first: Uint8Array | undefined;
    const keeping: Answer = (request, realm) => {
      first = wanting(request, realm);
      return first;
    };
    const kdc = scripted(keeping, () => first!);
    await expect(armoredLogin(kdc)).rejects.toMatchObject({ code: 'REPLY_MODIFIED' });
  });

  it('that is no error', async () => {
    const padata = [{ padataType: 137, padataValue: Uint8Array.of(0x30, 0) }];
    const answer = inFast(session, () => refusal(6), { padata });
    await expect(armoredLogin([answer])).rejects.toMatchObject({ code: 'CODEC' });
  });
});

/** A KDC whose honest last reply somebody changes on its way. */
function altered(change: (reply: Uint8Array) => Uint8Array): ReturnType<typeof scripted> {
  const reply = inFast(session, (armor): Answer => asReply(honest(armor) satisfies Lies));
  return scripted(wanting, (request, realm) => change(reply(request, realm)));
}

/** What the client itself sends, as somebody who has not the client's key could send it back. */
function ownChallenge(armorKey: OpenedArmor['armorKey']): PaData {
  const key = challengeKey('client', armorKey, passwordKey());
  const sealed = seal(PaEncTsEnc, { patimestamp: later(0) }, key, KU_ENC_CHALLENGE_CLIENT);
  return { padataType: PA_ENCRYPTED_CHALLENGE, padataValue: EncryptedData.encode(sealed) };
}
