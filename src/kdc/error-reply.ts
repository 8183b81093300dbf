import { CodecError, type ErrorCode, IntegrityError, KerberosError } from '../errors.ts';
import { ANONYMOUS_REALM, anonymousPrincipal } from '../messages/anonymous.ts';
import {
  KDC_ERR_BAD_PVNO,
  KDC_ERR_ETYPE_NOSUPP,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_MSG_TYPE,
  KRB_ERR_GENERIC,
} from '../messages/error-codes.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { KrbError } from '../messages/krb-error.ts';
import type { Principal } from '../messages/principal.ts';
import { tgsPrincipal, toPrincipalName } from '../messages/principal.ts';
import type { KdcFast } from './preauth/fast.ts';
import { Refusal } from './refusal.ts';

/** The contents of a KRB-ERROR besides the reason. */
interface ErrorFacts {
  /** In milliseconds. */
  readonly now: number;
  /** The realm to name if the request names none. */
  readonly realm: string;
  readonly body?: KdcReqBody;
  readonly client?: Principal;
  /** The armor that is to protect the error. */
  readonly fast?: KdcFast;
}

/** The KRB-ERROR of a refusal (RFC 4120 §5.9.1). */
export function errorReply(
  { errorCode, message, eData }: Refusal,
  { now, body, client, realm, fast }: ErrorFacts,
): Uint8Array {
  const inRealm = body?.realm ?? realm;
  const named = fast?.hidesClient ? anonymousPrincipal(ANONYMOUS_REALM) : client;
  const error: KrbError = {
    stime: new Date(now),
    susec: Math.floor(now % 1000) * 1000,
    errorCode,
    crealm: named?.realm,
    cname: named && toPrincipalName(named),
    realm: inRealm,
    sname: body?.sname ?? toPrincipalName(tgsPrincipal(inRealm)),
    eText: message,
  };
  const told = fast?.sealError(KrbError.encode(error), eData, body?.nonce ?? 0) ?? eData;
  return KrbError.encode({ ...error, eData: told });
}

/** Errors of a session key or subkey with an unknown enctype or a wrong length. */
const OF_A_KEY: readonly ErrorCode[] = ['ENCTYPE_UNSUPPORTED', 'KEY_LENGTH'];

/** An error as a refusal of the request; if the KDC itself has failed, with the cause, for the log. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof CodecError) return new Refusal(codeOfMalformed(error), 'MALFORMED_REQUEST');
  if (error instanceof IntegrityError) return new Refusal(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_INTEGRITY');
  if (error instanceof KerberosError && OF_A_KEY.includes(error.code))
    return new Refusal(KDC_ERR_ETYPE_NOSUPP, 'BAD_ENCRYPTION_TYPE');
  return new Refusal(KRB_ERR_GENERIC, 'INTERNAL_ERROR', undefined, { cause: error });
}

/** The second step of the path, after the message, names the field. */
function codeOfMalformed({ path }: CodecError): number {
  if (path[1] === 'pvno') return KDC_ERR_BAD_PVNO;
  return path[1] === 'msgType' ? KRB_AP_ERR_MSG_TYPE : KRB_ERR_GENERIC;
}
