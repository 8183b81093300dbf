import { type Key, randomKey } from '../crypto/key.ts';
import { stringToKey } from '../crypto/string-to-key.ts';
import type { Principal } from '../messages/principal.ts';
import { defaultSalt } from '../preauth/hints.ts';
import { KeyVersion, type OpenKeys, type PasswordOrigin, s2kparams } from './key-version.ts';

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
}

/** One version of a principal's keys. Throws what `stringToKey` and `randomKey` throw. */
export function newKeys(
  principal: Principal,
  source: KeySource,
  { kvno, enctypes, pool }: NewKeysOptions,
): KeyVersion {
  const origin = 'random' in source ? undefined : originOf(principal, source);
  return new KeyVersion(kvno, makeKeys(source, enctypes, origin), pool, origin);
}

function originOf(principal: Principal, source: Exclude<KeySource, { random: true }>): PasswordOrigin {
  const salt = source.salt ?? defaultSalt(principal);
  return 'password' in source ? { salt, iterations: source.iterations } : { salt };
}

function makeKeys(
  source: KeySource,
  enctypes: readonly number[],
  origin: PasswordOrigin | undefined,
): readonly Key[] {
  if ('keys' in source) return source.keys;
  const etypes = source.enctypes ?? enctypes;
  if ('random' in source) return etypes.map(randomKey);
  return etypes.map(etype => stringToKey(etype, source.password, origin!.salt, s2kparams(etype, origin!)));
}
