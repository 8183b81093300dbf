import { makeChecksum, verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { IntegrityError, KerberosError } from '../errors.ts';
import { anonymousPrincipal } from '../messages/anonymous.ts';
import { KDC_ERR_PREAUTH_REQUIRED } from '../messages/error-codes.ts';
import {
  HIDE_CLIENT_NAMES,
  type KrbFastArmor,
  KrbFastReq,
  KrbFastResponse,
  PaFxFastReply,
  PaFxFastRequest,
} from '../messages/fast.ts';
import { KdcReqBody } from '../messages/kdc-req.ts';
import { KdcError, KrbError } from '../messages/krb-error.ts';
import {
  KU_FAST_ENC,
  KU_FAST_FINISHED,
  KU_FAST_REP,
  KU_FAST_REQ_CHKSUM,
  PA_FX_ERROR,
  PA_FX_FAST,
} from '../messages/numbers.ts';
import { toPrincipal, toPrincipalName } from '../messages/principal.ts';
import { seal, toKey, unseal } from '../messages/seal.ts';
import { MethodData, type PaData } from '../messages/types.ts';
import { type Armor, type InnerRequest, type KdcRep, noArmor, type OpenedReply } from './armor.ts';
import { strengthenedKey, ticketArmorKey } from './fast-keys.ts';
import { modified } from './modified.ts';

export interface FastOptions {
  /** Tells the KDC the armor key; absent where the ticket of a TGS-REQ is the armor. */
  readonly armor?: KrbFastArmor | undefined;
  /** Hides the client's name from eavesdroppers (RFC 6113 §5.4.2). */
  readonly hideClientNames?: boolean | undefined;
}

/** The armor that the ticket of a TGS-REQ provides itself. */
export function implicitArmor(subkey: Key, sessionKey: Key): Armor {
  return new FastArmor(ticketArmorKey(subkey, sessionKey));
}

/** FAST around one conversation (RFC 6113 §5.4). */
export class FastArmor implements Armor {
  readonly key: Key;
  private readonly options: FastOptions;

  constructor(key: Key, options: FastOptions = {}) {
    this.key = key;
    this.options = options;
  }

  outerBody(body: KdcReqBody, reqBody: Uint8Array): Uint8Array {
    return this.options.hideClientNames
      ? KdcReqBody.encode({ ...body, cname: toPrincipalName(anonymousPrincipal(body.realm)) })
      : reqBody;
  }

  seal({ padata, reqBody }: InnerRequest, bound: Uint8Array): readonly PaData[] {
    const fastOptions = this.options.hideClientNames ? HIDE_CLIENT_NAMES : 0;
    const padataValue = PaFxFastRequest.encode({
      armoredData: {
        armor: this.options.armor,
        reqChecksum: makeChecksum(this.key, KU_FAST_REQ_CHKSUM, bound),
        encFastReq: seal(KrbFastReq, { fastOptions, padata, reqBody }, this.key, KU_FAST_ENC),
      },
    });
    return [{ padataType: PA_FX_FAST, padataValue }];
  }

  /**
   * RFC 6113 §5.4.4. An error outside the armor may come from anybody: it ends the exchange, and its contents are not
   * acted on. KDCs without FAST send such errors, and those that cannot use the armor.
   */
  openError(error: KrbError, nonce: number): KrbError {
    const response = this.open(methodData(error), nonce);
    if (response === undefined) {
      if (this.isImplicit) return error;
      throw outsideArmor(error);
    }
    const told = response.padata.find(({ padataType }) => padataType === PA_FX_ERROR);
    if (told === undefined) throw modified('no error inside the armor');
    const rest = response.padata.filter(padata => padata !== told);
    return { ...KrbError.decode(told.padataValue), eData: MethodData.encode(rest) };
  }

  /** RFC 6113 §5.4.3. */
  openReply(reply: KdcRep, nonce: number): OpenedReply {
    const response = this.open(reply.padata ?? [], nonce);
    if (response === undefined) {
      if (this.isImplicit) return noArmor.openReply(reply, nonce);
      throw notSupported();
    }
    const { finished, padata, strengthenKey } = response;
    if (finished === undefined) throw modified('no end inside the armor');
    if (!verifyChecksum(this.key, KU_FAST_FINISHED, reply.ticket, finished.ticketChecksum)) {
      throw modified('another ticket inside the armor');
    }
    // Whoever can remove the armor of a TGS-REP could also pretend that there never was one.
    if (strengthenKey === undefined && this.isImplicit) throw modified('no strengthen-key');
    return {
      client: toPrincipal(finished.cname, finished.crealm),
      padata,
      strengthen: key => (strengthenKey === undefined ? key : strengthenedKey(toKey(strengthenKey), key)),
    };
  }

  /**
   * Whether the armor is the TGS-REQ's own ticket. Heimdal's KDC, as of 7.8, offers FAST, but answers such requests
   * without it. As only the KDC can seal a TGS-REP, no more is lost than what FAST would add.
   */
  private get isImplicit(): boolean {
    return this.options.armor === undefined;
  }

  private open(padata: readonly PaData[], nonce: number): KrbFastResponse | undefined {
    const sent = padata.find(
      ({ padataType, padataValue }) => padataType === PA_FX_FAST && padataValue.length > 0,
    );
    if (sent === undefined) return undefined;
    const { encFastRep } = PaFxFastReply.decode(sent.padataValue).armoredData;
    let response: KrbFastResponse;
    try {
      response = unseal(KrbFastResponse, encFastRep, this.key, KU_FAST_REP);
    } catch (error) {
      throw error instanceof IntegrityError ? modified('what the armor does not open') : error;
    }
    if (response.nonce !== nonce) throw modified('another nonce inside the armor');
    return response;
  }
}

/** An unauthenticated error: it says what may have happened, but is not a `KdcError`, which callers act on. */
class OutsideArmorError extends KerberosError {
  override readonly name = 'OutsideArmorError';
  readonly errorCode: number;
  readonly eText: string | undefined;
  readonly detail = 'not protected by FAST';

  constructor(cause: KdcError) {
    super('KDC_ERROR', `${cause.errorName} outside the FAST armor`, { cause });
    this.errorCode = cause.errorCode;
    this.eText = cause.eText;
  }
}

function outsideArmor(error: KrbError): KerberosError {
  const cause = new KdcError(error);
  return error.errorCode === KDC_ERR_PREAUTH_REQUIRED ? notSupported(cause) : new OutsideArmorError(cause);
}

function notSupported(cause?: KdcError): KerberosError {
  const text = 'FAST protected pre-authentication required but not supported by KDC';
  return new KerberosError('FAST_REQUIRED', text, { cause });
}

/** An error's METHOD-DATA; empty if its e-data is something else. */
function methodData({ eData }: KrbError): readonly PaData[] {
  try {
    return eData === undefined ? [] : MethodData.decode(eData);
  } catch {
    return [];
  }
}
