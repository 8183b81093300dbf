import { BLOCK, BlockCipher, wholeBlocks } from './cts.ts';
import type { Mac } from './mac.ts';

/** CMAC (NIST SP 800-38B) with a block cipher, given by OpenSSL's name of its CBC mode; node:crypto has no CMAC. */
export function cmac(cipher: string, key: Uint8Array): Mac {
  const block = new BlockCipher(cipher, key);
  const whole = doubled(block.encryptBlocks(new Uint8Array(BLOCK)));
  const partial = doubled(whole);
  return (...data) => {
    let length = 0;
    for (const part of data) length += part.length;
    const padded = Buffer.allocUnsafe(wholeBlocks(Math.max(length, 1)));
    let end = 0;
    for (const part of data) {
      padded.set(part, end);
      end += part.length;
    }
    padded.fill(0, end);
    if (length < padded.length) padded[length] = 0x80;
    const mask = length < padded.length ? partial : whole;
    const last = padded.length - BLOCK;
    for (let i = 0; i < BLOCK; i++) padded[last + i]! ^= mask[i]!;
    return block.encryptBlocks(padded).subarray(last);
  };
}

/** Multiplication by x in GF(2^128). */
function doubled(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) out[i] = (bytes[i]! << 1) | ((bytes[i + 1] ?? 0) >>> 7);
  if (bytes[0]! & 0x80) out[BLOCK - 1]! ^= 0x87;
  return out;
}
