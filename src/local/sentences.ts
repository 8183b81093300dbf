import { CcacheError, type ErrorCode, KerberosError } from '../errors.ts';
import { errorSentence, type NumberedReason } from '../messages/error-sentences.ts';

/** One sentence, without a period, that says what went wrong: MIT's if there is one. */
export function sentence(error: unknown): string {
  if (isNumbered(error)) return errorSentence(error);
  // A GSS-API failure has the mechanism's own error as its cause.
  if (error instanceof KerberosError && error.code === 'GSS' && isNumbered(error.cause)) {
    return errorSentence(error.cause);
  }
  if (error instanceof KerberosError) return withWayOut(error);
  if (!(error instanceof Error)) return String(error);
  // A full disk, for example, is not an internal error.
  return `${'syscall' in error ? 'System' : 'Internal'} error: ${error.message}`;
}

const waysOut: Partial<Readonly<Record<ErrorCode, string>>> = {
  KEYCHAIN_KEY_LOST: 'kinit or kdestroy discards it',
  CACHE_FORMAT: 'krb5kit logout destroys it',
};

/** With what the user can do about sealed tickets, beside their file's name: the sentence may go on. */
function withWayOut(error: KerberosError): string {
  const way = error instanceof CcacheError && error.cache === 'KEYCHAIN:' ? waysOut[error.code] : undefined;
  return way === undefined ? error.message : error.message.replace(/\)$/, `; ${way})`);
}

/**
 * A KdcError or an ApError, recognized by its properties: importing the classes would load the schemas of all messages
 * into every command.
 */
function isNumbered(error: unknown): error is KerberosError & NumberedReason {
  return error instanceof KerberosError && 'errorCode' in error;
}
