import { KerberosError } from '../errors.ts';
import { profileOf } from './enctypes.ts';
import { importKey, type Key } from './key.ts';

/**
 * The most work that an unauthenticated KDC can impose on a client: a million rounds, which take about a second. This
 * is more than every published recommendation and 32 times the highest default. MIT's limit is sixteen times as high.
 */
export const MAX_ITERATIONS = 1 << 20;

/**
 * The key for a password (RFC 3961 §3): `password` in UTF-8, or its bytes (UTF-16 of them for RC4), `params` the
 * s2kparams, an iteration count in 4 octets; absent or empty ones mean the enctype's default.
 *
 * Throws `ENCTYPE_UNSUPPORTED` and, for malformed params or a count out of bounds, `S2K_PARAMS`. As in MIT, the
 * enctype's default is also the minimum: fewer rounds would only help an impostor of the KDC to guess the password.
 */
export function stringToKey(
  etype: number,
  password: string | Uint8Array,
  salt: string | Uint8Array,
  params?: Uint8Array,
): Key {
  const profile = profileOf(etype);
  const iterations = iterationCount(profile.defaultIterations, params);
  const saltBytes = typeof salt === 'string' ? Buffer.from(salt) : salt;
  return importKey(etype, profile.stringToKey(password, saltBytes, iterations));
}

/** Throws what `stringToKey` throws for an enctype and params, without computing a key. */
export function checkStringToKey(etype: number, params?: Uint8Array): void {
  iterationCount(profileOf(etype).defaultIterations, params);
}

function iterationCount(least: number, params: Uint8Array | undefined): number {
  if (params === undefined || params.length === 0) return least;
  if (least === 0 || params.length !== 4)
    throw new KerberosError('S2K_PARAMS', 'malformed string-to-key parameters');
  // Four zero octets mean 2^32 rounds (RFC 3962 §4): out of bounds, like any count below the default.
  const count = Buffer.from(params).readUInt32BE();
  if (count < least || count > MAX_ITERATIONS) {
    throw new KerberosError(
      'S2K_PARAMS',
      `${count} string-to-key iterations are not within ${least} and ${MAX_ITERATIONS}`,
    );
  }
  return count;
}
