import type { Key } from '../crypto/key.ts';
import { prf } from '../crypto/prf.ts';

const MAX_BLOCKS = 2 ** 32;

/**
 * The GSS-API's PRF+ (RFC 7802 §2): the enctype's PRF over a counter and `input`, as often as `length` bytes need.
 * RFC 4402 has the counter begin with 1; no implementation did, and its successor says 0. A `TypeError` for a length
 * that is none.
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
