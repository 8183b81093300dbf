import { ApError } from '../ap/ap-error.ts';
import { CodecError, IntegrityError, KerberosError, KeytabError } from '../errors.ts';
import {
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADKEYVER,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_BADVERSION,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_MSG_TYPE,
  KRB_AP_ERR_NOKEY,
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_REPEAT,
  KRB_AP_ERR_TKT_EXPIRED,
} from '../messages/error-codes.ts';
import { KdcError } from '../messages/krb-error.ts';
import { GssError, type GssMajor } from './gss-error.ts';

/** Error numbers whose major status is not FAILURE. */
const majors: Readonly<Record<number, GssMajor>> = {
  [KRB_AP_ERR_BAD_INTEGRITY]: 'BAD_MIC',
  [KRB_AP_ERR_MODIFIED]: 'BAD_MIC',
  [KRB_AP_ERR_INAPP_CKSUM]: 'BAD_MIC',
  [KRB_AP_ERR_TKT_EXPIRED]: 'CREDENTIALS_EXPIRED',
  [KRB_AP_ERR_REPEAT]: 'DUPLICATE_TOKEN',
  [KRB_AP_ERR_NOT_US]: 'NO_CRED',
  [KRB_AP_ERR_BADKEYVER]: 'NO_CRED',
  [KRB_AP_ERR_NOKEY]: 'NO_CRED',
  [KRB_AP_ERR_BADMATCH]: 'DEFECTIVE_TOKEN',
  [KRB_AP_ERR_BADVERSION]: 'DEFECTIVE_TOKEN',
  [KRB_AP_ERR_MSG_TYPE]: 'DEFECTIVE_TOKEN',
};

/**
 * The mechanism's error as a GssError, with a token for the peer if there is one; what is not a KerberosError stays as
 * it is.
 */
export function asGssError(error: unknown, tokenOf: () => Uint8Array | undefined): unknown {
  if (!(error instanceof KerberosError)) return error;
  if (!(error instanceof GssError)) {
    return new GssError(majorOf(error), error.message, { cause: error, token: tokenOf() });
  }
  if (error.token !== undefined) return error;
  return new GssError(error.major, error.message, { cause: error.cause, token: tokenOf() });
}

function majorOf(error: KerberosError): GssMajor {
  if (error instanceof CodecError) return 'DEFECTIVE_TOKEN';
  if (error instanceof IntegrityError || error.code === 'MUTUAL_FAILED') return 'BAD_MIC';
  if (error instanceof KeytabError) return 'NO_CRED';
  // In these cases the sender has been told no more than that.
  if (error instanceof ApError && error.cause instanceof CodecError) return 'DEFECTIVE_TOKEN';
  if (error instanceof ApError || error instanceof KdcError) return majors[error.errorCode] ?? 'FAILURE';
  return 'FAILURE';
}
