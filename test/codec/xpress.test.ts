import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflateXpress } from '../../src/codec/xpress.ts';
import { CodecError } from '../../src/errors.ts';

// The two examples of MS-XCA 3.2: 256 bytes of code lengths, of which most are zero, and the data.
function example(lengths: Readonly<Record<number, string>>, data: string): Uint8Array {
  const table = Buffer.alloc(256);
  for (const [at, bytes] of Object.entries(lengths)) Buffer.from(bytes, 'hex').copy(table, Number(at));
  return Buffer.concat([table, Buffer.from(data, 'hex')]);
}

const alphabet = example(
  { 48: '505555555555555555555545' + '4404', 128: '04' },
  'd8523ed794115be9195ff9d67cdf8d0400000000',
);
const repeated = example({ 48: '3023', 128: '02', 143: '20' }, 'a8dc0000ff2601');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('LZ77 with Huffman codes', () => {
  it('gives back what has no repetition', () => {
    expect(text(inflateXpress(alphabet, 26))).toBe('abcdefghijklmnopqrstuvwxyz');
  });

  it('gives back what is all repetition', () => {
    expect(text(inflateXpress(repeated, 300))).toBe('abc'.repeat(100));
  });

  it.each<[string, Uint8Array, number]>([
    ['nothing', new Uint8Array(0), 1],
    ['half a table', repeated.subarray(0, 100), 10],
    ['codes that leave a gap', example({ 48: '10' }, '0000000000'), 10],
    ['codes that overlap', example({ 48: '1111' }, '0000000000'), 10],
    ['data that ends early', alphabet.subarray(0, 260), 2000],
    ['a match longer than the whole', repeated, 200],
  ])('refuses %s', (_, data, size) => {
    expect(() => inflateXpress(data, size)).toThrow(CodecError);
  });

  it('makes of junk what it is told to, or refuses it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 0, max: 5000 }), (data, size) => {
        try {
          expect(inflateXpress(data, size)).toHaveLength(size);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
    );
  });
});
