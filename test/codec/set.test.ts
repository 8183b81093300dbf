import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Int32, OctetString } from '../../src/codec/der/primitives.ts';
import { implicit, sequence } from '../../src/codec/der/schema.ts';
import { setOf } from '../../src/codec/der/set.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';

describe('SET OF', () => {
  it('is written in the order of the encodings', () => {
    expect(bytesToHex(setOf(Int32).encode([300, 2, -1, 1]))).toBe('310d0201010201020201ff0202012c');
    expect(bytesToHex(setOf(Int32).encode([]))).toBe('3100');
  });

  it('is read in any order', () => {
    expect(setOf(Int32).decode(hexToBytes('3106020102020101'))).toEqual([2, 1]);
  });

  it('may be tagged implicitly', () => {
    const type = sequence('Outer', { inner: implicit(0, setOf(Int32)) });
    expect(bytesToHex(type.encode({ inner: [2, 1] }))).toBe('3008a006020101020102');
    expect(type.decode(hexToBytes('3008a006020101020102'))).toEqual({ inner: [1, 2] });
  });

  it('brings back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), values => {
        const read = setOf(OctetString).decode(setOf(OctetString).encode(values));
        expect(read.map(bytesToHex).sort()).toEqual(values.map(bytesToHex).sort());
      }),
    );
  });

  it.each(['', '30', '3000', '310102', '3102ffff', '310302010100', '31048001'])('is not %s', hex => {
    expect(() => setOf(Int32).decode(hexToBytes(hex))).toThrow(CodecError);
  });
});
