/** The order of a number's bytes. */
export type ByteOrder = 'big-endian' | 'little-endian';

/** The number that the bytes encode. */
export function toInteger(bytes: Uint8Array, order: ByteOrder): bigint {
  const digits = Buffer.from(bytes);
  if (order === 'little-endian') digits.reverse();
  const integer = BigInt(`0x${digits.toString('hex')}`);
  digits.fill(0);
  return integer;
}

/** A non-negative number as `length` bytes. */
export function toBytes(integer: bigint, length: number, order: ByteOrder): Buffer {
  const bytes = Buffer.from(integer.toString(16).padStart(2 * length, '0'), 'hex');
  return order === 'little-endian' ? bytes.reverse() : bytes;
}

/** The non-negative remainder. */
export function modulo(integer: bigint, modulus: bigint): bigint {
  const remainder = integer % modulus;
  return remainder < 0n ? remainder + modulus : remainder;
}

/** The inverse, modulo a prime, of a number that is not a multiple of it, by the extended Euclidean algorithm. */
export function invert(integer: bigint, prime: bigint): bigint {
  let high = prime;
  let low = modulo(integer, prime);
  let before = 0n;
  let inverse = 1n;
  while (low > 1n) {
    const quotient = high / low;
    // Not a swap by destructuring: code that runs only once is not optimized, and takes five times as long with arrays.
    const remainder = high - quotient * low;
    const next = before - quotient * inverse;
    high = low;
    low = remainder;
    before = inverse;
    inverse = next;
  }
  return modulo(inverse, prime);
}
