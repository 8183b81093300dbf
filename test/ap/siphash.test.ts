import { describe, expect, it } from 'vitest';
import { sipHash } from '../../src/ap/siphash.ts';

/** From the paper's appendix and its reference vectors: the key 00…0f, the input 00, 01, 02, … of so many bytes. */
const vectors: readonly [number, bigint][] = [
  [0, 0x726fdb47dd0e0e31n],
  [1, 0x74f839c593dc67fdn],
  [7, 0xab0200f58b01d137n],
  [8, 0x93f5f5799a932462n],
  [15, 0xa129ca6149be45e5n],
];

describe('SipHash-2-4', () => {
  it.each(vectors)('of %i bytes is that of its authors', (length, expected) => {
    const key = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(
      sipHash(
        key,
        Uint8Array.from({ length }, (_, i) => i),
      ),
    ).toBe(expected);
  });
});
