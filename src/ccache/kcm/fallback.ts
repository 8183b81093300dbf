import { KcmDisconnected } from './connection.ts';
import { KcmFailure } from './failure.ts';
import { KCM_RESULT } from './protocol.ts';

// Answers by which servers differ.

/** A credential removed since it was listed counts as absent. */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const gone =
      error instanceof KcmFailure && ['CACHE_NOT_FOUND', 'CREDENTIAL_NOT_FOUND'].includes(error.code);
    if (gone) return undefined;
    throw error;
  }
}

/** Results that mean, for MIT's client too, that a server does not support an operation; the last one is SSSD's. */
const NOT_IMPLEMENTED: readonly number[] = [
  KCM_RESULT.INTERNAL,
  KCM_RESULT.IO,
  KCM_RESULT.NOSUPP,
  1432158293,
];

/** What `first` does or, where the server has no such operation, what `second` does. */
export async function orElse<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    const notImplemented = error instanceof KcmFailure && NOT_IMPLEMENTED.includes(error.result);
    // Before they look at the operation, servers disconnect whoever sends a longer request than they accept.
    if (notImplemented || (error instanceof KcmDisconnected && error.tooLong)) return second();
    throw error;
  }
}
