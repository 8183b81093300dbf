import type { Key } from '../crypto/key.ts';
import { toKey } from './seal.ts';
import type { EncryptionKey } from './types.ts';

/** Each key with what was derived from it, for as long as somebody holds it as a message or a file carried it. */
const keys = new WeakMap<EncryptionKey, Key>();

/**
 * The key of a credential or of a keytab's entry, made ready once, however many exchanges use it. Throws KerberosError
 * ENCTYPE_UNSUPPORTED or KEY_LENGTH.
 */
export function readyKey(key: EncryptionKey): Key {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const ready = toKey(key);
  keys.set(key, ready);
  return ready;
}
