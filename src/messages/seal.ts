import type { Codec } from '../codec/codec.ts';
import type { DerType } from '../codec/der/type.ts';
import { decrypt, encrypt, importKey, type Key } from '../crypto/key.ts';
import { KerberosError } from '../errors.ts';
import type { EncryptedData, EncryptionKey } from './types.ts';

/** Encodes `value` and encrypts it for `usage` (RFC 4120 §5.2.9); `kvno` is the key's version. */
export function seal<T>(type: DerType<T>, value: T, key: Key, usage: number, kvno?: number): EncryptedData {
  const cipher = type.lend(value, plaintext => encrypt(key, usage, plaintext));
  return { etype: key.etype, kvno, cipher };
}

/**
 * Decrypts and decodes. Throws IntegrityError if the key is wrong, KerberosError ENCTYPE_UNSUPPORTED if its enctype is,
 * and CodecError if the plaintext is not a `type`.
 */
export function unseal<T>(type: Codec<T>, sealed: EncryptedData, key: Key, usage: number): T {
  if (sealed.etype !== key.etype) {
    throw new KerberosError(
      'ENCTYPE_UNSUPPORTED',
      `data of enctype ${sealed.etype} cannot be decrypted with a key of enctype ${key.etype}`,
    );
  }
  return type.decode(decrypt(key, usage, sealed.cipher));
}

/** The key in a message, imported. Throws KerberosError ENCTYPE_UNSUPPORTED or KEY_LENGTH. */
export function toKey(key: EncryptionKey): Key {
  return importKey(key.keytype, key.keyvalue);
}

/** The form of a key in messages. */
export function toEncryptionKey(key: Key): EncryptionKey {
  return { keytype: key.etype, keyvalue: key.bytes };
}
