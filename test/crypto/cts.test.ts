import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockCipher, wholeBlocks } from '../../src/crypto/cts.ts';
import { haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

interface CtsVector {
  readonly key: string;
  readonly input: string;
  readonly output: string;
}

function encrypt(cipher: BlockCipher, plaintext: Uint8Array): Uint8Array {
  const padded = new Uint8Array(wholeBlocks(plaintext.length));
  padded.set(plaintext);
  return cipher.encrypt(padded, plaintext.length).subarray(0, plaintext.length);
}

describe('ciphertext stealing', () => {
  const vectors = ownVectors<CtsVector>('rfc3962', 'cts');

  it.each(vectors)('encrypts and decrypts $output as RFC 3962 B does', ({ key, input, output }) => {
    const cipher = new BlockCipher('aes-128-cbc', unhex(key));
    expect(hex(encrypt(cipher, unhex(input)))).toBe(output);
    expect(hex(cipher.decrypt(unhex(output)))).toBe(input);
  });

  it('encrypts messages independently of each other, although they share one cipher object', () => {
    const cipher = new BlockCipher('aes-128-cbc', unhex(vectors[0]!.key));
    const encrypted = [...vectors, ...vectors].map(({ input }) => hex(encrypt(cipher, unhex(input))));
    const decrypted = [...vectors, ...vectors].map(({ output }) => hex(cipher.decrypt(unhex(output))));
    expect(encrypted).toEqual([...vectors, ...vectors].map(({ output }) => output));
    expect(decrypted).toEqual([...vectors, ...vectors].map(({ input }) => input));
  });

  it.each(vectors)('encrypts $input alike behind blocks that are left free', ({ key, input, output }) => {
    const cipher = new BlockCipher('aes-128-cbc', unhex(key));
    const plaintext = unhex(input);
    for (const start of [16, 48, 0]) {
      const padded = new Uint8Array(start + wholeBlocks(plaintext.length));
      padded.set(plaintext, start);
      const end = start + plaintext.length;
      expect(hex(cipher.encrypt(padded, end, start).subarray(start, end))).toBe(output);
    }
  });

  it.each(vectors)('decrypts $output alike whatever lies behind it', ({ key, input, output }) => {
    const cipher = new BlockCipher('aes-128-cbc', unhex(key));
    const ciphertext = unhex(output);
    for (const extra of [1, 12, 15, 16, 24, 100]) {
      const bytes = Buffer.concat([ciphertext, Buffer.alloc(extra, 0xa5)]);
      expect(hex(cipher.decrypt(bytes, ciphertext.length))).toBe(input);
      expect(hex(bytes)).toBe(output + 'a5'.repeat(extra));
    }
  });

  it('encrypts one block as the bare cipher does', () => {
    const key = new Uint8Array(32).fill(7);
    const block = new Uint8Array(16).fill(9);
    const bare = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
    expect(hex(encrypt(new BlockCipher('aes-256-cbc', key), block))).toBe(hex(bare));
  });

  it.each(['aes-256-cbc', 'camellia-256-cbc'])('undoes itself for every length with %s', name => {
    const cipher = new BlockCipher(name, new Uint8Array(32).fill(1));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), plaintext => {
        const ciphertext = encrypt(cipher, plaintext);
        expect(hex(cipher.decrypt(ciphertext))).toBe(hex(plaintext));
      }),
    );
  });
});

describe.skipIf(!haveShared)('ciphertext stealing, other known answers', () => {
  const vectors = sharedVectors<CtsVector>('aes_cts');

  it('agree in both directions', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(6);
    for (const { key, input, output } of vectors) {
      const cipher = new BlockCipher('aes-128-cbc', unhex(key));
      expect(hex(encrypt(cipher, unhex(input)))).toBe(output);
      expect(hex(cipher.decrypt(unhex(output)))).toBe(input);
    }
  });
});
