import { CodecError, IntegrityError, KerberosError } from '../errors.ts';
import {
  KDC_ERR_ETYPE_NOSUPP,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADVERSION,
  KRB_AP_ERR_MSG_TYPE,
  KRB_ERR_GENERIC,
} from '../messages/error-codes.ts';
import { ApError } from './ap-error.ts';

/** A failure to read a request as the ApError that its sender is told; what is not a KerberosError stays as it is. */
export function asApError(error: unknown): unknown {
  if (!(error instanceof KerberosError) || error instanceof ApError) return error;
  return new ApError(numberOf(error), error.message, { cause: error });
}

function numberOf(error: KerberosError): number {
  if (error instanceof IntegrityError) return KRB_AP_ERR_BAD_INTEGRITY;
  if (error instanceof CodecError) return malformed(error.path);
  return error.code === 'ENCTYPE_UNSUPPORTED' ? KDC_ERR_ETYPE_NOSUPP : KRB_ERR_GENERIC;
}

function malformed(path: readonly string[]): number {
  const field = path.at(-1);
  if (field === 'pvno' || field === 'tktVno' || field === 'authenticatorVno') return KRB_AP_ERR_BADVERSION;
  return field === 'msgType' ? KRB_AP_ERR_MSG_TYPE : KRB_ERR_GENERIC;
}
