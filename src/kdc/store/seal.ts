import { decrypt, encrypt, importKey } from '../../crypto/key.ts';
import { IntegrityError } from '../../errors.ts';

/** The length of a master key. */
export const MASTER_KEY_BYTES = 32;

/** Seals the records of one database under its master key. */
export interface Sealer {
  /**
   * For the record `key`; `kvno` is that of the newest key in it, or 0. The plaintext is JSON, to which spaces may be
   * appended.
   */
  seal(key: string, kvno: number, plaintext: Uint8Array): Uint8Array;
  /** Throws IntegrityError for what was not sealed under this master key for this record. */
  unseal(key: string, sealed: Uint8Array): Uint8Array;
}

/** aes256-cts-hmac-sha384-192. */
const ETYPE = 20;
/** A key usage for private use (RFC 4120 §7.5.1). */
const KEY_USAGE = 1024;
const FORMAT = 1;
const KVNO_AT = 1;
const CIPHERTEXT_AT = 5;
/** Whole AES blocks are decrypted in one step. */
const BLOCK = 16;

/**
 * Format (u8), kvno (u32) and a ciphertext of RFC 8009: unlike AES-GCM, it needs no cipher object per record, which
 * would cost as much as reading and decoding one. Format, kvno, the database's `id` and the record's key are sealed in
 * front of the plaintext, so that records cannot be swapped.
 */
export function createSealer(masterKey: Uint8Array, id: string): Sealer {
  const secret = importKey(ETYPE, masterKey);

  let label = Buffer.alloc(256);

  /** Writes the label of a record, which is valid until the next; returns its length. */
  function writeLabel(key: string): number {
    const text = `${id} ${key}\0`;
    // No UTF-16 unit takes more than three bytes in UTF-8.
    if (label.length < 3 * text.length) label = Buffer.alloc(3 * text.length);
    return label.write(text);
  }

  return {
    seal(key, kvno, plaintext) {
      const header = Buffer.alloc(CIPHERTEXT_AT);
      header[0] = FORMAT;
      header.writeUInt32BE(kvno, KVNO_AT);
      const end = CIPHERTEXT_AT + writeLabel(key);
      const bytes = Buffer.alloc((end + plaintext.length + BLOCK - 1) & -BLOCK, ' ');
      bytes.set(header);
      bytes.set(label.subarray(0, end - CIPHERTEXT_AT), CIPHERTEXT_AT);
      bytes.set(plaintext, end);
      return Buffer.concat([header, encrypt(secret, KEY_USAGE, bytes)]);
    },
    unseal(key, sealed) {
      if (sealed[0] !== FORMAT || sealed.length < CIPHERTEXT_AT) throw new IntegrityError();
      const bytes = decrypt(secret, KEY_USAGE, sealed.subarray(CIPHERTEXT_AT));
      for (let i = 0; i < CIPHERTEXT_AT; i++) if (bytes[i] !== sealed[i]) throw new IntegrityError();
      const length = writeLabel(key);
      const end = CIPHERTEXT_AT + length;
      if (bytes.length < end || label.compare(bytes, CIPHERTEXT_AT, end, 0, length) !== 0)
        throw new IntegrityError();
      return bytes.subarray(end);
    },
  };
}
