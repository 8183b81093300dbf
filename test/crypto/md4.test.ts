import { describe, expect, it } from 'vitest';
import { md4 } from '../../src/crypto/md4.ts';
import { haveShared, hex, sharedVectors, unhex } from './support.ts';

describe('MD4', () => {
  it.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('of "%s" is %s, as in RFC 1320', (text, digest) => {
    expect(hex(md4(Buffer.from(text)))).toBe(digest);
  });

  it('pads lengths around the block boundary into the right number of blocks', () => {
    const digests = [54, 55, 56, 57, 63, 64, 65].map(length => hex(md4(new Uint8Array(length))));
    expect(new Set(digests).size).toBe(7);
  });
});

describe.skipIf(!haveShared)('MD4, other known answers', () => {
  const vectors = sharedVectors<{ input: string; hash: string }>('hash_hmac_pbkdf2', 'md4');

  it('agree', () => {
    expect(vectors).toHaveLength(7);
    for (const { input, hash } of vectors) expect(hex(md4(unhex(input)))).toBe(hash);
  });
});
