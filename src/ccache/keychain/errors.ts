import { KerberosError } from '../../errors.ts';

/** What libsecret says of a call that waits for a dialog longer than D-Bus lets it, which is 25 seconds. */
export const TIMED_OUT: RegExp = /timeout was reached/i;

const UNUSABLE = 'The OS keychain cannot be used: ';

/** KEYCHAIN_UNAVAILABLE; `reason` continues a sentence. */
export function keychainUnavailable(reason: string, cause?: unknown): KerberosError {
  return new KerberosError('KEYCHAIN_UNAVAILABLE', `${UNUSABLE}${reason}`, { cause });
}

/** KEYCHAIN_LOCKED: it is locked, or the user refused to unlock it. */
export function keychainLocked(cause?: unknown): KerberosError {
  return new KerberosError('KEYCHAIN_LOCKED', 'The OS keychain is locked', { cause });
}

/** KEYCHAIN_TIMEOUT. */
export function keychainTimeout(): KerberosError {
  return new KerberosError('KEYCHAIN_TIMEOUT', 'The OS keychain did not answer in time');
}

/** Why a keychain cannot be used, in lower case, to continue a sentence. */
export function keychainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  return message.startsWith(UNUSABLE) ? message.slice(UNUSABLE.length) : message.replace(/^The /, 'the ');
}
