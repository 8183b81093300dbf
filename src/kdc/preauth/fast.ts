import { makeChecksum, verifyChecksum } from '../../crypto/checksum.ts';
import { type Key, randomKey } from '../../crypto/key.ts';
import { ANONYMOUS_REALM, anonymousPrincipal } from '../../messages/anonymous.ts';
import {
  KDC_ERR_PREAUTH_FAILED,
  KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS,
  KRB_AP_ERR_MODIFIED,
} from '../../messages/error-codes.ts';
import {
  HIDE_CLIENT_NAMES,
  type KrbFastArmor,
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '../../messages/fast.ts';
import { KdcReqBody } from '../../messages/kdc-req.ts';
import {
  KU_FAST_ENC,
  KU_FAST_FINISHED,
  KU_FAST_REP,
  KU_FAST_REQ_CHKSUM,
  PA_FX_ERROR,
  PA_FX_FAST,
} from '../../messages/numbers.ts';
import { toPrincipal, toPrincipalName } from '../../messages/principal.ts';
import { seal, toEncryptionKey, unseal } from '../../messages/seal.ts';
import { MethodData, type PaData, type PrincipalName } from '../../messages/types.ts';
import { strengthenedKey } from '../../preauth/fast-keys.ts';
import type { Exchange } from '../exchange.ts';
import { refuse } from '../refusal.ts';

/** Bits 0 to 15 of FastOptions are critical (RFC 6113 §5.4.2); only one of them is supported here. */
const UNKNOWN_CRITICAL = 0xffff0000 & ~HIDE_CLIENT_NAMES;

/** A request without its armor. */
export interface InnerRequest {
  readonly padata: readonly PaData[];
  readonly body: KdcReqBody;
  /** The DER of `body`. */
  readonly reqBody: Uint8Array;
}

/** Finds the armor key of a request. */
export type ArmorKeyFinder = (armor: KrbFastArmor | undefined) => Key;

/** The contents of KrbFastFinished, which ends a conversation (RFC 6113 §5.4.3). */
interface FastEnding {
  readonly nonce: number;
  readonly crealm: string;
  readonly cname: PrincipalName;
  /** The DER of the ticket. */
  readonly ticket: Uint8Array;
}

/**
 * Removes the armor of a request (RFC 6113 §5.4.2), if it has one; the exchange keeps it for the reply. `bound` is what
 * its checksum covers. Throws `Refusal`, CodecError and IntegrityError.
 */
export function openFast(
  exchange: Exchange,
  outer: InnerRequest,
  { bound, findKey }: { readonly bound: Uint8Array; readonly findKey: ArmorKeyFinder },
): InnerRequest {
  const sent = outer.padata.find(({ padataType }) => padataType === PA_FX_FAST);
  if (sent === undefined) return outer;
  const { armor, reqChecksum, encFastReq } = PaFxFastRequest.decode(sent.padataValue).armoredData;
  const key = findKey(armor);
  if (!verifyChecksum(key, KU_FAST_REQ_CHKSUM, bound, reqChecksum)) {
    refuse(KRB_AP_ERR_MODIFIED, 'MODIFIED_OUTER_REQUEST');
  }
  const { fastOptions, padata, reqBody } = unseal(KrbFastReq, encFastReq, key, KU_FAST_ENC);
  const body = KdcReqBody.decode(reqBody);
  exchange.body = body;
  exchange.fast = new KdcFast(key, {
    hidesClient: (fastOptions & HIDE_CLIENT_NAMES) !== 0,
    strengthens: outer.body.etype.length > 0,
  });
  if (fastOptions & UNKNOWN_CRITICAL) {
    refuse(KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS, 'UNKNOWN_CRITICAL_FAST_OPTIONS');
  }
  return { padata, body, reqBody };
}

/** States that FAST is supported, in METHOD-DATA and in the sealed part of a reply (RFC 6806 §11). */
export const fastOffer: PaData = { padataType: PA_FX_FAST, padataValue: new Uint8Array(0) };

/** The padata of a reply, and the client's name in it, as eavesdroppers see them. */
export function inArmor(
  { fast, now }: Exchange,
  padata: readonly PaData[],
  ending: FastEnding,
): { readonly padata: readonly PaData[]; readonly crealm: string; readonly cname: PrincipalName } {
  const { crealm, cname } = ending;
  if (fast === undefined) return { padata, crealm, cname };
  const client = fast.hidesClient ? anonymousPrincipal(ANONYMOUS_REALM) : toPrincipal(cname, crealm);
  return {
    padata: [fast.sealReply(padata, ending, now)],
    crealm: client.realm,
    cname: toPrincipalName(client),
  };
}

interface FastWishes {
  /** Whether the client does not want to be named outside the armor. */
  readonly hidesClient: boolean;
  /**
   * Whether to strengthen the reply key. Heimdal 7's clients, which list no enctypes outside the armor, cannot open
   * replies under a strengthened key.
   */
  readonly strengthens: boolean;
}

/** The KDC's side of FAST in one exchange. */
export class KdcFast {
  readonly key: Key;
  readonly hidesClient: boolean;
  private readonly strengthens: boolean;
  private strengthenKey: Key | undefined;

  constructor(key: Key, { hidesClient, strengthens }: FastWishes) {
    this.key = key;
    this.hidesClient = hidesClient;
    this.strengthens = strengthens;
  }

  /** The key that seals the reply: a strengthened `key`, for clients that support it. */
  strengthen(key: Key): Key {
    if (!this.strengthens) return key;
    this.strengthenKey = randomKey(key.etype);
    return strengthenedKey(this.strengthenKey, key);
  }

  /** The padata of a reply. */
  sealReply(padata: readonly PaData[], ending: FastEnding, now: number): PaData {
    const { nonce, crealm, cname, ticket } = ending;
    return this.seal({
      padata,
      strengthenKey: this.strengthenKey && toEncryptionKey(this.strengthenKey),
      finished: {
        timestamp: new Date(now),
        usec: Math.floor(now % 1000) * 1000,
        crealm,
        cname,
        ticketChecksum: makeChecksum(this.key, KU_FAST_FINISHED, ticket),
      },
      nonce,
    });
  }

  /** The e-data of an error (RFC 6113 §5.4.4), from its METHOD-DATA and the whole error without them. */
  sealError(error: Uint8Array, eData: Uint8Array | undefined, nonce: number): Uint8Array {
    const padata = eData === undefined ? [] : MethodData.decode(eData);
    const told = { padataType: PA_FX_ERROR, padataValue: error };
    return MethodData.encode([this.seal({ padata: [...padata, told], nonce })]);
  }

  private seal(response: KrbFastResponse): PaData {
    const encFastRep = seal(KrbFastResponse, response, this.key, KU_FAST_REP);
    return { padataType: PA_FX_FAST, padataValue: PaFxFastReply.encode({ armoredData: { encFastRep } }) };
  }
}

/** Refuses an armor that is not supported here. */
export function refuseArmor(): never {
  refuse(KDC_ERR_PREAUTH_FAILED, 'UNKNOWN_ARMOR');
}
