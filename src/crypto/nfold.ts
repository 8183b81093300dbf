/**
 * N-fold: stretches or shrinks `input` to `length` bytes so that every input bit matters (RFC 3961 §5.1). Copies of the
 * input, each rotated right by 13 more bits, are concatenated and added up in pieces of `length` bytes, in one's
 * complement.
 */
export function nFold(input: Uint8Array, length: number): Uint8Array {
  if (input.length === 0 || length < 1) throw new TypeError('n-fold needs an input and a length');
  const out = new Uint8Array(length);
  let carry = 0;
  for (let at = leastCommonMultiple(input.length, length) - 1; at >= 0; at--) {
    carry += out[at % length]! + turnedByte(input, at);
    out[at % length] = carry;
    carry >>= 8;
  }
  for (let at = length - 1; carry > 0; at = (at || length) - 1) {
    carry += out[at]!;
    out[at] = carry;
    carry >>= 8;
  }
  return out;
}

/** The byte at `at` of the endless sequence of rotated copies. */
function turnedByte(input: Uint8Array, at: number): number {
  const bits = input.length * 8;
  const copy = Math.floor(at / input.length);
  const turned = ((at % input.length) * 8 - 13 * copy) % bits;
  const bit = turned < 0 ? turned + bits : turned;
  const high = input[bit >> 3]!;
  const low = input[((bit >> 3) + 1) % input.length]!;
  return (((high << 8) | low) >> (8 - (bit & 7))) & 0xff;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
