import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nFold } from '../../src/crypto/nfold.ts';
import { haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

describe('n-fold', () => {
  it.each(ownVectors<{ text: string; bits: number; output: string }>('rfc3961', 'nfold'))(
    'folds "$text" to $bits bits as RFC 3961 A.1 does',
    ({ text, bits, output }) => {
      expect(hex(nFold(Buffer.from(text), bits / 8))).toBe(output);
    },
  );

  it('does not change an input of the wanted length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), bytes => {
        expect(nFold(bytes, bytes.length)).toEqual(bytes);
      }),
    );
  });

  it('refuses to fold nothing', () => {
    expect(() => nFold(new Uint8Array(0), 16)).toThrow(TypeError);
    expect(() => nFold(new Uint8Array(1), 0)).toThrow(TypeError);
  });
});

describe.skipIf(!haveShared)('n-fold, other known answers', () => {
  const vectors = sharedVectors<{ input: string; output_bits: number; output: string }>('nfold');

  it.each(vectors)('folds $input to $output_bits bits', ({ input, output_bits, output }) => {
    expect(hex(nFold(unhex(input), output_bits / 8))).toBe(output);
  });

  it('are as many as expected', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(9);
  });
});
