import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { IntegrityError } from '../../errors.ts';

/** The length of the key, in bytes. */
export const SEALED_KEY_BYTES = 32;

const CIPHER = 'aes-256-gcm';
/** The kind of file and its version; authenticated with the rest. */
const HEADER = Buffer.from('krb5kit tickets 1\n', 'latin1');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LENGTH_BYTES = 4;
const OVERHEAD = HEADER.length + NONCE_BYTES + LENGTH_BYTES + TAG_BYTES;
/** Files grow by this much, so that their size reveals little about their contents. */
const STEP = 4096;

/** How long a number of bytes is when sealed. */
export function sealedLength(length: number): number {
  return Math.ceil((OVERHEAD + length) / STEP) * STEP;
}

/**
 * Seals bytes with AES-256-GCM under a fresh random nonce: header, nonce, ciphertext of (length as u32, bytes,
 * zeros up to a multiple of 4 KiB in all), tag.
 */
export function sealBytes(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  const plaintext = Buffer.alloc(sealedLength(bytes.length) - OVERHEAD + LENGTH_BYTES);
  plaintext.writeUInt32BE(bytes.length);
  plaintext.set(bytes, LENGTH_BYTES);
  const nonce = randomFillSync(Buffer.alloc(NONCE_BYTES));
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(HEADER);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  plaintext.fill(0);
  return Buffer.concat([HEADER, nonce, ciphertext, cipher.getAuthTag()]);
}

/** The inverse of `sealBytes`. Throws IntegrityError for anything that was not sealed under `key`. */
export function unsealBytes(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  if (sealed.length < OVERHEAD || !HEADER.equals(sealed.subarray(0, HEADER.length)))
    throw new IntegrityError();
  const ciphertextAt = HEADER.length + NONCE_BYTES;
  const tagAt = sealed.length - TAG_BYTES;
  try {
    const nonce = sealed.subarray(HEADER.length, ciphertextAt);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(HEADER);
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plaintext = decipher.update(sealed.subarray(ciphertextAt, tagAt));
    decipher.final();
    return plaintext.subarray(LENGTH_BYTES, LENGTH_BYTES + plaintext.readUInt32BE());
  } catch (error) {
    throw new IntegrityError(undefined, { cause: error });
  }
}
