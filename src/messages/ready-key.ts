import type { Key } from '../crypto/key.ts';
import { toKey } from './seal.ts';
import type { EncryptionKey } from './types.ts';

/** Imported keys and what was derived from them, kept for as long as the key of the message or file is in use. */
const keys = new WeakMap<EncryptionKey, Key>();

/**
 * The key of a credential or of a keytab entry, imported only once for all exchanges that use it. Throws KerberosError
 * ENCTYPE_UNSUPPORTED or KEY_LENGTH.
 */
export function readyKey(key: EncryptionKey): Key {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const ready = toKey(key);
  keys.set(key, ready);
  return ready;
}
