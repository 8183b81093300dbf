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
      /** The default salt, made of the realm and the name's components, if not given. */
      readonly salt?: string | undefined;
      /** PBKDF2 rounds; each enctype's default if not given. */
      readonly iterations?: number | undefined;
    }
  | { readonly random: true; readonly enctypes?: readonly number[] | undefined }
  | { readonly keys: readonly Key[]; readonly salt?: string | undefined };

/** The enctypes for which principals get keys by default. */
export const NEW_KEY_ENCTYPES: readonly number[] = [18, 17, 20, 19];

interface NewKeysOptions {
  readonly kvno: number;
  /** The enctypes for a source that names none. */
  readonly enctypes: readonly number[];
  readonly pool: OpenKeys;
  /**
   * Whether each key is derived from the password only when it is first used, with the password in memory until then;
   * false if not given, which derives all at once.
   */
  readonly whenAsked?: boolean | undefined;
}

/** Makes one version of a principal's keys. Throws what `stringToKey` and `randomKey` throw. */
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

/** Throws what `stringToKey` throws at once, not when the key is derived. */
function passwordKey(etype: number, password: string, origin: PasswordOrigin): LaterKey {
  // Such as the number that a password may look like in YAML.
  if (typeof password !== 'string') throw new TypeError('a password is a string');
  const params = s2kparams(etype, origin);
  checkStringToKey(etype, params);
  return { etype, make: () => stringToKey(etype, password, origin.salt, params) };
}
