import { type Key, randomKey } from '../crypto/key.ts';
import { checkStringToKey, stringToKey } from '../crypto/string-to-key.ts';
import type { Principal } from '../messages/principal.ts';
import { defaultSalt } from '../preauth/hints.ts';
import { KeyVersion, type LaterKey, type OpenKeys, type PasswordOrigin, s2kparams } from './key-version.ts';

/** Where a principal's keys come from; `enctypes` are the database's if not given. */
export type KeySource =
  | {
      readonly password: string;
      readonly enctypes?: readonly number[] | undefined;
      /** The realm and the name's components if not given. */
      readonly salt?: string | undefined;
      /** PBKDF2 rounds; each enctype's default if not given. */
      readonly iterations?: number | undefined;
    }
  | { readonly random: true; readonly enctypes?: readonly number[] | undefined }
  | { readonly keys: readonly Key[]; readonly salt?: string | undefined };

/** Enctypes that principals get keys of where nobody says otherwise. */
export const NEW_KEY_ENCTYPES: readonly number[] = [18, 17, 20, 19];

export interface NewKeysOptions {
  readonly kvno: number;
  /** Those of a source that names none. */
  readonly enctypes: readonly number[];
  readonly pool: OpenKeys;
  /**
   * Whether a password, which is kept in memory until then, makes the key of each enctype when that is first asked for;
   * false if not given, and all are made at once.
   */
  readonly whenAsked?: boolean | undefined;
}

/** One version of a principal's keys. Throws what `stringToKey` and `randomKey` throw. */
export function newKeys(
  principal: Principal,
  source: KeySource,
  { kvno, enctypes, pool, whenAsked = false }: NewKeysOptions,
): KeyVersion {
  if ('keys' in source) return new KeyVersion(kvno, source.keys, pool, { salt: saltFor(principal, source) });
  const etypes = source.enctypes ?? enctypes;
  if ('random' in source) return new KeyVersion(kvno, etypes.map(randomKey), pool);
  const origin = { salt: saltFor(principal, source), iterations: source.iterations };
  const later = etypes.map(etype => passwordKey(etype, source.password, origin));
  return new KeyVersion(kvno, whenAsked ? later : later.map(({ make }) => make()), pool, origin);
}

function saltFor(principal: Principal, { salt }: { readonly salt?: string | undefined }): string {
  return salt ?? defaultSalt(principal);
}

/** Throws at once what `stringToKey` throws. */
function passwordKey(etype: number, password: string, origin: PasswordOrigin): LaterKey {
  const params = s2kparams(etype, origin);
  checkStringToKey(etype, params);
  return { etype, make: () => stringToKey(etype, password, origin.salt, params) };
}
