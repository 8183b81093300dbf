import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { randomBytes } from '../crypto/random.ts';
import { IntegrityError } from '../errors.ts';

/** The length of a master key. */
export const MASTER_KEY_BYTES = 32;

/** Seals the records of one database under its master key. */
export interface Sealer {
  /** For the record `key`; `kvno` is that of the newest key in it, or 0. */
  seal(key: string, kvno: number, plaintext: Uint8Array): Uint8Array;
  /** Throws IntegrityError for what was not sealed under this master key for this record. */
  unseal(key: string, sealed: Uint8Array): Uint8Array;
}

const CIPHER = 'aes-256-gcm';
const FORMAT = 1;
const KVNO_AT = 1;
const NONCE_AT = 5;
const CIPHERTEXT_AT = 17;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under a fresh random nonce: format (u8), kvno (u32), nonce, ciphertext, tag. Format, kvno, the database's
 * `id` and the record's key are authenticated besides, so that no record passes for another.
 */
export function createSealer(masterKey: Uint8Array, id: string): Sealer {
  const secret = createSecretKey(masterKey);

  function associated(header: Uint8Array, key: string): Uint8Array {
    return Buffer.concat([header.subarray(0, NONCE_AT), Buffer.from(`${id} ${key}`)]);
  }

  return {
    seal(key, kvno, plaintext) {
      const head = Buffer.alloc(CIPHERTEXT_AT);
      head[0] = FORMAT;
      head.writeUInt32BE(kvno, KVNO_AT);
      head.set(randomBytes(CIPHERTEXT_AT - NONCE_AT), NONCE_AT);
      const cipher = createCipheriv(CIPHER, secret, head.subarray(NONCE_AT), { authTagLength: TAG_BYTES });
      cipher.setAAD(associated(head, key));
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return Buffer.concat([head, ciphertext, cipher.getAuthTag()]);
    },
    unseal(key, sealed) {
      const tagAt = sealed.length - TAG_BYTES;
      if (sealed[0] !== FORMAT || tagAt < CIPHERTEXT_AT) throw new IntegrityError();
      try {
        const nonce = sealed.subarray(NONCE_AT, CIPHERTEXT_AT);
        const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(associated(sealed, key));
        decipher.setAuthTag(sealed.subarray(tagAt));
        const plaintext = decipher.update(sealed.subarray(CIPHERTEXT_AT, tagAt));
        decipher.final();
        return plaintext;
      } catch (cause) {
        throw new IntegrityError(undefined, { cause });
      }
    },
  };
}
