import { ApError } from '../ap/ap-error.ts';
import { KerberosError } from '../errors.ts';
import { GssError, type GssMajor } from '../gss/gss-error.ts';
import { asGssError } from '../gss/status.ts';
import { reasonOf } from '../local/reason.ts';
import { sentence } from '../local/sentences.ts';
import { KDC_ERR_S_PRINCIPAL_UNKNOWN } from '../messages/error-codes.ts';
import { serverNotFound } from '../messages/error-sentences.ts';
import { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, toPrincipal } from '../messages/principal.ts';

/** The reference implementation's sentences for major status codes. */
const MAJORS: Readonly<Record<GssMajor, string>> = {
  BAD_BINDINGS: 'Incorrect channel bindings were supplied',
  BAD_MECH: 'An unsupported mechanism was requested',
  BAD_MIC: 'A token had an invalid signature',
  BAD_NAME: 'An invalid name was supplied',
  BAD_QOP: 'The quality-of-protection (QOP) requested could not be provided',
  CONTEXT_EXPIRED: 'The referenced context has expired',
  CREDENTIALS_EXPIRED: 'The referenced credential has expired',
  DEFECTIVE_CREDENTIAL: 'Invalid credential was supplied',
  DEFECTIVE_TOKEN: 'Invalid token was supplied',
  FAILURE: 'Unspecified GSS failure.  Minor code may provide more information',
  NO_CONTEXT: 'No context has been established',
  NO_CRED: 'No credentials were supplied, or the credentials were unavailable or inaccessible',
  UNAUTHORIZED: 'The operation is forbidden by local security policy',
  UNAVAILABLE: 'The operation or option is not available or unsupported',
  DUPLICATE_TOKEN: 'The token was a duplicate of an earlier token',
  OLD_TOKEN: "The token's validity period has expired",
  UNSEQ_TOKEN: 'A later token has already been processed',
  GAP_TOKEN: 'An expected per-message token was not received',
};

/** Runs `work`; an error in it is turned into an Error in the words of npm's kerberos, with ours as its `cause`. */
export async function inGssWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = reasonOf(thrown);
    if (!(error instanceof KerberosError)) throw error;
    throw new Error(`${MAJORS[majorOf(error)]}: ${minorOf(error)}`, { cause: error });
  }
}

function majorOf(error: KerberosError): GssMajor {
  const gss = asGssError(error, () => undefined) as GssError;
  // The reference implementation has no other sentence for most defects of an AP-REQ.
  return gss.cause instanceof ApError && gss.major !== 'DEFECTIVE_TOKEN' ? 'FAILURE' : gss.major;
}

function minorOf(error: KerberosError): string {
  const { cause } = error;
  // The mechanism's own error has a sentence of its own.
  const saidBefore = error instanceof GssError && (cause instanceof ApError || cause instanceof KdcError);
  const reason = saidBefore ? cause : error;
  if (!(reason instanceof KdcError) || reason.errorCode !== KDC_ERR_S_PRINCIPAL_UNKNOWN)
    return sentence(reason);
  const { sname, realm } = reason.reply;
  return serverNotFound(formatPrincipal(toPrincipal(sname, realm)));
}
