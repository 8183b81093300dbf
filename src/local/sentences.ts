import { CcacheError, KerberosError } from '../errors.ts';
import { errorSentence, type NumberedReason } from '../messages/error-sentences.ts';

/** One sentence, without a period, that says what went wrong: MIT's if there is one. */
export function sentence(error: unknown): string {
  if (isNumbered(error)) return errorSentence(error);
  // A GSS-API failure has the mechanism's own error as its cause.
  if (error instanceof KerberosError && error.code === 'GSS' && isNumbered(error.cause)) {
    return errorSentence(error.cause);
  }
  if (error instanceof KerberosError) return `${error.message}${wayOut(error)}`;
  if (!(error instanceof Error)) return String(error);
  // A full disk, for example, is not an internal error.
  return `${'syscall' in error ? 'System' : 'Internal'} error: ${error.message}`;
}

/** What the user can do about it, as the end of the sentence. */
function wayOut(error: KerberosError): string {
  if (!(error instanceof CcacheError) || error.cache !== 'KEYCHAIN:') return '';
  if (error.code === 'KEYCHAIN_KEY_LOST') return ', which kinit or kdestroy discards';
  return error.code === 'CACHE_FORMAT' ? ', which krb5kit logout destroys' : '';
}

/**
 * A KdcError or an ApError, recognized by its properties: importing the classes would load the schemas of all messages
 * into every command.
 */
function isNumbered(error: unknown): error is KerberosError & NumberedReason {
  return error instanceof KerberosError && 'errorCode' in error;
}
