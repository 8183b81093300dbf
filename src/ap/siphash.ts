/** SipHash-2-4 of `data` under a key of 16 bytes (Aumasson and Bernstein, 2012). */
export function sipHash(key: Uint8Array, data: Uint8Array): bigint {
  const state = new SipState(key);
  for (let at = 0; at + 8 <= data.length; at += 8) state.absorb(word(data, at), word(data, at + 4));
  const rest = data.length & ~7;
  state.absorb(word(data, rest), word(data, rest + 4) | (data.length << 24));
  return state.finish();
}

/** Four 64-bit words, each in two halves: BigInts would take twenty times as long. */
class SipState {
  private a: number;
  private aHigh: number;
  private b: number;
  private bHigh: number;
  private c: number;
  private cHigh: number;
  private d: number;
  private dHigh: number;

  constructor(key: Uint8Array) {
    const [k0, k0High, k1, k1High] = [word(key, 0), word(key, 4), word(key, 8), word(key, 12)];
    this.a = k0 ^ 0x70736575;
    this.aHigh = k0High ^ 0x736f6d65;
    this.b = k1 ^ 0x6e646f6d;
    this.bHigh = k1High ^ 0x646f7261;
    this.c = k0 ^ 0x6e657261;
    this.cHigh = k0High ^ 0x6c796765;
    this.d = k1 ^ 0x79746573;
    this.dHigh = k1High ^ 0x74656462;
  }

  absorb(low: number, high: number): void {
    this.d ^= low;
    this.dHigh ^= high;
    this.mix();
    this.mix();
    this.a ^= low;
    this.aHigh ^= high;
  }

  finish(): bigint {
    this.c ^= 0xff;
    for (let round = 0; round < 4; round++) this.mix();
    const low = this.a ^ this.b ^ this.c ^ this.d;
    const high = this.aHigh ^ this.bHigh ^ this.cHigh ^ this.dHigh;
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  private mix(): void {
    let { a, aHigh, b, bHigh, c, cHigh, d, dHigh } = this;
    aHigh = (aHigh + bHigh + carry(a, b)) | 0;
    a = (a + b) | 0;
    [b, bHigh] = [left(b, bHigh, 13) ^ a, left(bHigh, b, 13) ^ aHigh];
    [a, aHigh] = [aHigh, a];
    cHigh = (cHigh + dHigh + carry(c, d)) | 0;
    c = (c + d) | 0;
    [d, dHigh] = [left(d, dHigh, 16) ^ c, left(dHigh, d, 16) ^ cHigh];
    aHigh = (aHigh + dHigh + carry(a, d)) | 0;
    a = (a + d) | 0;
    [d, dHigh] = [left(d, dHigh, 21) ^ a, left(dHigh, d, 21) ^ aHigh];
    cHigh = (cHigh + bHigh + carry(c, b)) | 0;
    c = (c + b) | 0;
    [b, bHigh] = [left(b, bHigh, 17) ^ c, left(bHigh, b, 17) ^ cHigh];
    [c, cHigh] = [cHigh, c];
    this.a = a;
    this.aHigh = aHigh;
    this.b = b;
    this.bHigh = bHigh;
    this.c = c;
    this.cHigh = cHigh;
    this.d = d;
    this.dHigh = dHigh;
  }
}

/** The carry from the sum of two low halves. */
function carry(a: number, b: number): number {
  return (a >>> 0) + (b >>> 0) > 0xffffffff ? 1 : 0;
}

/** One half of a word rotated to the left: the bits that `other` loses enter at the bottom. */
function left(half: number, other: number, bits: number): number {
  return (half << bits) | (other >>> (32 - bits));
}

/** Up to four bytes, little-endian; missing bytes count as zero. */
function word(bytes: Uint8Array, at: number): number {
  const octet = (i: number): number => bytes[at + i] ?? 0;
  return octet(0) | (octet(1) << 8) | (octet(2) << 16) | (octet(3) << 24);
}
