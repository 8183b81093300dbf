import { makeChecksum, verifyChecksum } from '../../src/crypto/checksum.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import { KrbFastReq, KrbFastResponse, PaFxFastReply, PaFxFastRequest } from '../../src/messages/fast.ts';
import { AsRep, TgsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, TgsReq } from '../../src/messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../src/messages/krb-error.ts';
import {
  KU_AP_REQ_AUTHENTICATOR,
  KU_ENC_CHALLENGE_KDC,
  KU_FAST_ENC,
  KU_FAST_FINISHED,
  KU_FAST_REP,
  KU_FAST_REQ_CHKSUM,
  KU_TGS_REQ_AUTHENTICATOR,
  PA_ENCRYPTED_CHALLENGE,
  PA_FX_ERROR,
  PA_FX_FAST,
  PA_TGS_REQ,
} from '../../src/messages/numbers.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { EncryptedData, MethodData, type PaData } from '../../src/messages/types.ts';
import { challengeKey, strengthenedKey, ticketArmorKey } from '../../src/preauth/fast-keys.ts';
import { type Answer, bodyOf, later } from './scripted-kdc.ts';

/** What the KDC knows after it has opened the armor. */
export interface OpenedArmor {
  readonly armorKey: Key;
  readonly fastOptions: number;
  /** The subkey of the TGS-REQ, or that of the armor ticket's authenticator. */
  readonly subkey: Key;
  /** The reply key, given the key that the exchange has agreed on. */
  strengthen(key: Key): Key;
}

/** What the KDC puts into the armor in place of the right values. */
export type FastLies = Partial<KrbFastResponse> | ((honest: KrbFastResponse) => KrbFastResponse);

/**
 * Wraps an answer in the KDC's side of FAST (RFC 6113 §5.4), for requests whose armor is a ticket with the session key
 * `session`: the answer sees the inner request, and its reply is put into the armor.
 */
export function inFast(session: Key, inner: (armor: OpenedArmor) => Answer, lies: FastLies = {}): Answer {
  return (request, realm) => {
    const type = request[0] === AsReq.tags[0] ? AsReq : TgsReq;
    const { padata = [], reqBody: outerBody } = type.decode(request);
    const sent = padata.find(({ padataType }) => padataType === PA_FX_FAST);
    if (sent === undefined) throw new Error('a request without FAST');
    const { armor, reqChecksum, encFastReq } = PaFxFastRequest.decode(sent.padataValue).armoredData;
    const header = padata.find(({ padataType }) => padataType === PA_TGS_REQ)?.padataValue;
    const apReq = armor?.armorValue ?? header;
    const usage = armor === undefined ? KU_TGS_REQ_AUTHENTICATOR : KU_AP_REQ_AUTHENTICATOR;
    const subkey = toKey(unseal(Authenticator, ApReq.decode(apReq!).authenticator, session, usage).subkey!);
    const armorKey = ticketArmorKey(subkey, session);
    if (!verifyChecksum(armorKey, KU_FAST_REQ_CHKSUM, header ?? outerBody, reqChecksum)) {
      throw new Error('FAST that belongs to another request');
    }
    const fast = unseal(KrbFastReq, encFastReq, armorKey, KU_FAST_ENC);
    const kept = padata.filter(({ padataType }) => padataType === PA_TGS_REQ);
    const innerRequest = type.encode({ padata: [...kept, ...fast.padata], reqBody: fast.reqBody });
    const strengthenKey = randomKey(subkey.etype);
    const opened = {
      armorKey,
      fastOptions: fast.fastOptions,
      subkey,
      strengthen: (key: Key) => strengthenedKey(strengthenKey, key),
    };
    const reply = inner(opened)(innerRequest, realm);
    const { nonce } = bodyOf(innerRequest);
    const shut = (response: KrbFastResponse): PaData => {
      const told = typeof lies === 'function' ? lies(response) : { ...response, ...lies };
      const encFastRep = seal(KrbFastResponse, told, armorKey, KU_FAST_REP);
      return { padataType: PA_FX_FAST, padataValue: PaFxFastReply.encode({ armoredData: { encFastRep } }) };
    };
    if (isKrbError(reply)) return shutError(reply, nonce, shut);
    return shutReply(reply, shut, {
      nonce,
      strengthenKey: toEncryptionKey(strengthenKey),
      sumOf: ticket => makeChecksum(armorKey, KU_FAST_FINISHED, ticket),
    });
  };
}

/** The challenge with which the KDC proves that it has the client's key (RFC 6113 §5.4.6). */
export function kdcChallenge(armorKey: Key, clientKey: Key, side: 'kdc' | 'client' = 'kdc'): PaData {
  const key = challengeKey(side, armorKey, clientKey);
  const sealed = seal(PaEncTsEnc, { patimestamp: later(0), pausec: 1 }, key, KU_ENC_CHALLENGE_KDC);
  return { padataType: PA_ENCRYPTED_CHALLENGE, padataValue: EncryptedData.encode(sealed) };
}

function shutError(
  reply: Uint8Array,
  nonce: number,
  shut: (response: KrbFastResponse) => PaData,
): Uint8Array {
  const { eData, ...error } = KrbError.decode(reply);
  const told = { padataType: PA_FX_ERROR, padataValue: KrbError.encode(error) };
  const padata = [...(eData === undefined ? [] : MethodData.decode(eData)), told];
  return KrbError.encode({ ...error, eData: MethodData.encode([shut({ padata, nonce })]) });
}

interface Ending {
  readonly nonce: number;
  readonly strengthenKey: KrbFastResponse['strengthenKey'];
  sumOf(ticket: Uint8Array): ReturnType<typeof makeChecksum>;
}

function shutReply(
  reply: Uint8Array,
  shut: (response: KrbFastResponse) => PaData,
  { nonce, strengthenKey, sumOf }: Ending,
): Uint8Array {
  const type = reply[0] === AsRep.tags[0] ? AsRep : TgsRep;
  const rep = type.decode(reply);
  const { padata = [], crealm, cname } = rep;
  const ticketChecksum = sumOf(rep.ticket);
  const finished = { timestamp: later(0), usec: 0, crealm, cname, ticketChecksum };
  return type.encode({ ...rep, padata: [shut({ padata, strengthenKey, finished, nonce })] });
}
