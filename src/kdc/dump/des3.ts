import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { ENCRYPTION_KEY, INTEGRITY_KEY, usageConstant } from '../../crypto/derive.ts';
import { nFold } from '../../crypto/nfold.ts';
import { IntegrityError } from '../../errors.ts';

/**
 * The enctype of old master keys, and still of Heimdal's; it must not be used for anything else any more (RFC 8429).
 */
export const DES3_CBC_SHA1 = 16;

const BLOCK = 8;
const HMAC_BYTES = 20;
const DERIVED_BYTES = 21;

/** The plaintext of a ciphertext of des3-cbc-hmac-sha1-kd (RFC 3961 §6.3), padding included. Throws IntegrityError. */
export function decryptDes3(key: Uint8Array, usage: number, ciphertext: Uint8Array): Uint8Array {
  const sumAt = ciphertext.length - HMAC_BYTES;
  if (sumAt < BLOCK || sumAt % BLOCK !== 0) throw new IntegrityError();
  const encryptionKey = derive(key, usageConstant(usage, ENCRYPTION_KEY));
  const decipher = createDecipheriv('des-ede3-cbc', encryptionKey, new Uint8Array(BLOCK));
  decipher.setAutoPadding(false);
  const plaintext = Buffer.concat([decipher.update(ciphertext.subarray(0, sumAt)), decipher.final()]);
  const integrityKey = derive(key, usageConstant(usage, INTEGRITY_KEY));
  const sum = createHmac('sha1', integrityKey).update(plaintext).digest();
  if (!timingSafeEqual(sum, ciphertext.subarray(sumAt))) throw new IntegrityError();
  return plaintext.subarray(BLOCK);
}

/** DK: encrypts the folded constant, then the result, and so on (RFC 3961 §5.1). */
function derive(key: Uint8Array, constant: Uint8Array): Uint8Array {
  const cipher = createCipheriv('des-ede3-cbc', key, new Uint8Array(BLOCK));
  cipher.setAutoPadding(false);
  const blocks = new Uint8Array(3 * BLOCK);
  blocks.set(nFold(constant, BLOCK));
  return randomToKey(cipher.update(blocks).subarray(0, DERIVED_BYTES));
}

/**
 * Seven bytes become eight: the low bits of the seven form the eighth, and every byte gets odd parity (RFC 3961
 * §6.3.1).
 */
function randomToKey(random: Uint8Array): Uint8Array {
  const key = new Uint8Array(24);
  for (let third = 0; third < 3; third++) {
    let lowBits = 0;
    for (let i = 0; i < 7; i++) {
      const byte = random[third * 7 + i]!;
      key[third * 8 + i] = withParity(byte);
      lowBits |= (byte & 1) << (i + 1);
    }
    key[third * 8 + 7] = withParity(lowBits);
  }
  return key;
}

function withParity(byte: number): number {
  let ones = 0;
  for (let bits = byte >> 1; bits > 0; bits >>= 1) ones += bits & 1;
  return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0);
}
