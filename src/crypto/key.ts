import { KerberosError } from '../errors.ts';
import { profileOf } from './enctypes.ts';
import type { KeyOperations, Profile } from './profile.ts';
import { randomBytes } from './random.ts';
import { requireBytes } from './require-bytes.ts';

/** A protocol key: its enctype and bytes, and what is derived from them on first use. */
export interface Key {
  readonly etype: number;
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  readonly operations: KeyOperations;
}

/** A key of `bytes`, which are copied; throws `ENCTYPE_UNSUPPORTED` or `KEY_LENGTH`. */
export function importKey(etype: number, bytes: Uint8Array): Key {
  const profile = profileOf(etype);
  if (bytes.length !== profile.keyLength) {
    throw new KerberosError(
      'KEY_LENGTH',
      `a key of encryption type ${etype} has ${profile.keyLength} bytes, not ${bytes.length}`,
    );
  }
  return new ProtocolKey(etype, new Uint8Array(bytes), profile);
}

/** A fresh random key; throws `ENCTYPE_UNSUPPORTED`. */
export function randomKey(etype: number): Key {
  const profile = profileOf(etype);
  return new ProtocolKey(etype, randomBytes(profile.keyLength), profile);
}

/** The ciphertext of `plaintext` for a key usage number (RFC 4120 §7.5.1), confounder and integrity tag included. */
export function encrypt(key: Key, usage: number, plaintext: Uint8Array): Uint8Array {
  requireBytes(plaintext, 'a plaintext');
  return key.operations.encrypt(usage, plaintext);
}

/** The plaintext of a ciphertext; throws `IntegrityError` if it was not made with this key and usage. */
export function decrypt(key: Key, usage: number, ciphertext: Uint8Array): Uint8Array {
  return key.operations.decrypt(usage, ciphertext);
}

class ProtocolKey implements Key {
  readonly etype: number;
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  private opened: KeyOperations | undefined;

  constructor(etype: number, bytes: Uint8Array, profile: Profile) {
    this.etype = etype;
    this.bytes = bytes;
    this.profile = profile;
  }

  get operations(): KeyOperations {
    this.opened ??= this.profile.open(this.bytes);
    return this.opened;
  }
}
