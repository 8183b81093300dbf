const U64 = 64;

/** SipHash-2-4 of `data` under a key of 16 bytes (Aumasson and Bernstein, 2012). */
export function sipHash(key: Uint8Array, data: Uint8Array): bigint {
  const k0 = word(key, 0);
  const k1 = word(key, 8);
  const state: State = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const whole = data.length - (data.length % 8);
  for (let at = 0; at < whole; at += 8) absorb(state, word(data, at));
  absorb(state, word(data, whole) | (BigInt(data.length & 0xff) << 56n));
  state[2] ^= 0xffn;
  for (let round = 0; round < 4; round++) mix(state);
  return state[0] ^ state[1] ^ state[2] ^ state[3];
}

type State = [bigint, bigint, bigint, bigint];

function absorb(state: State, block: bigint): void {
  state[3] ^= block;
  mix(state);
  mix(state);
  state[0] ^= block;
}

function mix(state: State): void {
  let [a, b, c, d] = state;
  a = BigInt.asUintN(U64, a + b);
  b = rotate(b, 13n) ^ a;
  a = rotate(a, 32n);
  c = BigInt.asUintN(U64, c + d);
  d = rotate(d, 16n) ^ c;
  a = BigInt.asUintN(U64, a + d);
  d = rotate(d, 21n) ^ a;
  c = BigInt.asUintN(U64, c + b);
  b = rotate(b, 17n) ^ c;
  c = rotate(c, 32n);
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

function rotate(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(U64, (value << bits) | (value >> (64n - bits)));
}

/** Up to eight bytes, little-endian; what is beyond the end counts as zero. */
function word(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = Math.min(at + 8, bytes.length) - 1; i >= at; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}
