/** Where the lowest byte of a number stands. */
export type ByteOrder = 'big-endian' | 'little-endian';

/** The number that bytes are. */
export function toInteger(bytes: Uint8Array, order: ByteOrder): bigint {
  const digits = Buffer.from(bytes);
  if (order === 'little-endian') digits.reverse();
  const integer = BigInt(`0x${digits.toString('hex')}`);
  digits.fill(0);
  return integer;
}

/** The `length` bytes of a number that is not negative. */
export function toBytes(integer: bigint, length: number, order: ByteOrder): Buffer {
  const bytes = Buffer.from(integer.toString(16).padStart(2 * length, '0'), 'hex');
  return order === 'little-endian' ? bytes.reverse() : bytes;
}

/** The remainder that is not negative. */
export function modulo(integer: bigint, modulus: bigint): bigint {
  const remainder = integer % modulus;
  return remainder < 0n ? remainder + modulus : remainder;
}

/** The inverse modulo a prime of what is no multiple of it, by Euclid. */
export function invert(integer: bigint, prime: bigint): bigint {
  let high = prime;
  let low = modulo(integer, prime);
  let before = 0n;
  let inverse = 1n;
  while (low > 1n) {
    const quotient = high / low;
    // Swapped by hand: a process that runs once does not get to optimize, and takes five times as long with arrays.
    const remainder = high - quotient * low;
    const next = before - quotient * inverse;
    high = low;
    low = remainder;
    before = inverse;
    inverse = next;
  }
  return modulo(inverse, prime);
}
