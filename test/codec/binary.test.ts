import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BinaryReader,
  BinaryWriter,
  EndOfDataError,
  fromSeconds,
  toSeconds,
} from '../../src/codec/binary.ts';
import { hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';

describe('BinaryReader', () => {
  it('reads numbers in either order', () => {
    const bytes = hexToBytes('ff0102fffe01020304fffffffe');
    const read = (reader: BinaryReader) => [
      reader.u8('a'),
      reader.u16('b'),
      reader.i16('c'),
      reader.u32('d'),
      reader.i32('e'),
      reader.remaining(),
    ];
    expect(read(new BinaryReader(bytes))).toEqual([0xff, 0x0102, -2, 0x01020304, -2, 0]);
    expect(read(new BinaryReader(bytes, 'little'))).toEqual([0xff, 0x0201, -257, 0x04030201, -16777217, 0]);
  });

  it('reads counted bytes as plain views of what it was given', () => {
    const reader = new BinaryReader(Buffer.from('0002abcd00000001ef', 'hex'));
    const first = reader.counted16('a');
    expect(first).toEqual(Uint8Array.of(0xab, 0xcd));
    expect(Buffer.isBuffer(first)).toBe(false);
    expect(reader.counted32('b')).toEqual(Uint8Array.of(0xef));
  });

  it('names the field at which the bytes end, outermost first', () => {
    const reader = new BinaryReader(hexToBytes('00000005ab'));
    const read = () => reader.within('ticket', () => reader.within('0', () => reader.counted32('cipher')));
    expect(read).toThrow(EndOfDataError);
    expect(() => new BinaryReader(hexToBytes('00')).u16('kvno')).toThrow('kvno: ends early');
    expect(new BinaryReader(hexToBytes('')).within('a', () => 1)).toBe(1);
    try {
      new BinaryReader(hexToBytes('00')).within('ticket', () => reader.u32('cipher'));
    } catch (error) {
      expect((error as CodecError).path).toEqual(['ticket', '0', 'cipher']);
    }
  });

  it('allocates nothing for a length that is not there', () => {
    const reader = new BinaryReader(hexToBytes('ffffffff'));
    expect(() => reader.counted32('data')).toThrow(EndOfDataError);
  });
});

describe('BinaryWriter', () => {
  it('refuses numbers that do not fit', () => {
    const writer = new BinaryWriter();
    expect(() => writer.u8(256)).toThrow(CodecError);
    expect(() => writer.u16(-1)).toThrow(CodecError);
    expect(() => writer.i16(0x8000)).toThrow(CodecError);
    expect(() => writer.u32(2 ** 32)).toThrow(CodecError);
    expect(() => writer.i32(1.5)).toThrow(CodecError);
    expect(() => writer.counted16(new Uint8Array(0x10000))).toThrow(CodecError);
    expect(writer.finish()).toEqual(new Uint8Array(0));
  });

  it('writes what the reader reads, across its growth', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('big' as const, 'little' as const),
        fc.array(
          fc.tuple(fc.nat(0xff), fc.nat(0xffff), fc.nat(0xffffffff), fc.uint8Array({ maxLength: 3000 })),
        ),
        (order, rows) => {
          const writer = new BinaryWriter(order);
          for (const [a, b, c, d] of rows) {
            writer.u8(a);
            writer.u16(b);
            writer.i16(b - 0x8000);
            writer.u32(c);
            writer.i32(c | 0);
            writer.counted16(d);
            writer.counted32(d);
          }
          const reader = new BinaryReader(writer.finish(), order);
          for (const [a, b, c, d] of rows) {
            expect(reader.u8('')).toBe(a);
            expect(reader.u16('')).toBe(b);
            expect(reader.i16('')).toBe(b - 0x8000);
            expect(reader.u32('')).toBe(c);
            expect(reader.i32('')).toBe(c | 0);
            expect(reader.counted16('')).toEqual(d);
            expect(reader.counted32('')).toEqual(d);
          }
          expect(reader.remaining()).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('seconds', () => {
  it('are unsigned, up to 2106', () => {
    expect(fromSeconds(0xffffffff)).toEqual(new Date('2106-02-07T06:28:15Z'));
    expect(toSeconds(new Date('2106-02-07T06:28:15.999Z'))).toBe(0xffffffff);
  });

  it('are the nearest that fits for other dates', () => {
    expect(toSeconds(new Date('9999-12-31T23:59:59Z'))).toBe(0xffffffff);
    expect(toSeconds(new Date(-1))).toBe(0);
    expect(() => toSeconds(new Date(Number.NaN))).toThrow(CodecError);
  });
});
