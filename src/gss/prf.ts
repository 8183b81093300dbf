import type { Key } from '../crypto/key.ts';
import { prf } from '../crypto/prf.ts';

const MAX_BLOCKS = 2 ** 32;

/**
 * PRF+ of the GSS-API (RFC 7802 §2): the enctype's PRF over a counter and `input`, repeated until there are `length`
 * bytes. The counter begins with 0 as RFC 7802 has it; RFC 4402 said 1, which nobody implemented. Throws TypeError for
 * an invalid length.
 */
export function gssPrf(key: Key, input: Uint8Array, length: number): Uint8Array {
  if (!Number.isSafeInteger(length) || length < 0 || length > MAX_BLOCKS)
    throw new TypeError('the length of pseudo-random bytes is a whole number up to 2^32');
  const out = new Uint8Array(length);
  const counted = Buffer.alloc(4 + input.length);
  counted.set(input, 4);
  for (let at = 0, n = 0; at < length; n++) {
    counted.writeUInt32BE(n);
    const block = prf(key, counted);
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return out;
}
