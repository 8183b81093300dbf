import fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/codec/codec.ts';
import {
  Any,
  BitString,
  Bool,
  der,
  Flags,
  GeneralizedTime,
  GeneralString,
  Int32,
  Integer,
  Microseconds,
  ObjectIdentifier,
  OctetString,
  UInt32,
} from '../../src/codec/der/primitives.ts';
import { MAX_DER_BYTES } from '../../src/codec/der/reader.ts';
import {
  application,
  choice,
  constant,
  explicit,
  implicit,
  optional,
  sequence,
  sequenceOf,
} from '../../src/codec/der/schema.ts';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';

const encoded = <T>(type: Codec<T>, value: T): string => bytesToHex(type.encode(value));
const decoded = <T>(type: Codec<T>, hex: string): T => type.decode(hexToBytes(hex));

/** The same bytes, read and written by node-forge. */
function byForge(bytes: Uint8Array): string {
  const read = forge.asn1.fromDer(Buffer.from(bytes).toString('binary'), {
    strict: true,
    parseAllBytes: true,
    decodeBitStrings: false,
  } as never);
  return Buffer.from(forge.asn1.toDer(read).getBytes(), 'binary').toString('hex');
}

describe('INTEGER', () => {
  it.each([
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [-1, '0201ff'],
    [-128, '020180'],
    [-129, '0202ff7f'],
    [0x7fffffff, '02047fffffff'],
    [-0x80000000, '020480000000'],
  ])('%d is %s', (value, hex) => {
    expect(encoded(Int32, value)).toBe(hex);
    expect(decoded(Int32, hex)).toBe(value);
  });

  it.each(['0200', '02020001', '0202ff80', '02050080000000', '0204ffffff', '02018000', '030100'])(
    '%s is refused as Int32',
    hex => {
      expect(() => decoded(Int32, hex)).toThrow(CodecError);
    },
  );

  it('has its ranges', () => {
    expect(() => Int32.encode(0x80000000)).toThrow(CodecError);
    expect(() => Int32.encode(1.5)).toThrow(CodecError);
    expect(() => UInt32.encode(-1)).toThrow(CodecError);
    expect(() => Microseconds.encode(1_000_000)).toThrow(CodecError);
    expect(() => decoded(Microseconds, '02030f4240')).toThrow(CodecError);
    expect(decoded(UInt32, '020500ffffffff')).toBe(0xffffffff);
    expect(decoded(UInt32, '0201ff')).toBe(0xffffffff);
    expect(() => decoded(UInt32, '02050100000000')).toThrow(CodecError);
  });

  it('may be as large as need be', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), value => {
        expect(Integer.decode(Integer.encode(value))).toBe(value);
        expect(byForge(Integer.encode(value))).toBe(encoded(Integer, value));
      }),
    );
  });
});

describe('primitive types', () => {
  it('write KerberosTime in its one form and read nothing else', () => {
    const time = new Date(Date.UTC(1994, 5, 10, 6, 3, 17));
    expect(encoded(GeneralizedTime, time)).toBe('180f31393934303631303036303331375a');
    expect(decoded(GeneralizedTime, '180f31393934303631303036303331375a')).toEqual(time);
    for (const text of [
      '19940610060317',
      '19940610060317.5Z',
      '19941310060317Z',
      '19940230060317Z',
      '19940610250317Z',
      '1994061006031xZ',
    ]) {
      const bytes = Uint8Array.from([0x18, text.length, ...Buffer.from(text)]);
      expect(() => GeneralizedTime.decode(bytes), text).toThrow(CodecError);
    }
  });

  it('keep every second of every year', () => {
    const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, second => {
        const date = new Date(second * 1000);
        expect(GeneralizedTime.decode(GeneralizedTime.encode(date))).toEqual(date);
      }),
    );
  });

  it('read flags of fewer and of more than 32 bits', () => {
    expect(decoded(Flags, '030500fedcba98')).toBe(0xfedcba98);
    expect(decoded(Flags, '030204f0')).toBe(0xf0000000);
    expect(decoded(Flags, '030204ff')).toBe(0xf0000000);
    expect(decoded(Flags, '030100')).toBe(0);
    expect(decoded(Flags, '030600fedcba98ff')).toBe(0xfedcba98);
    expect(encoded(Flags, 0x40000000)).toBe('03050040000000');
    expect(() => decoded(Flags, '0300')).toThrow(CodecError);
    expect(() => decoded(Flags, '03020800')).toThrow(CodecError);
  });

  it('know BOOLEAN, BIT STRING and OBJECT IDENTIFIER', () => {
    expect([decoded(Bool, '0101ff'), decoded(Bool, '010100')]).toEqual([true, false]);
    expect(() => decoded(Bool, '010101')).toThrow(CodecError);
    expect(bytesToHex(decoded(BitString, '0303006b72'))).toBe('6b72');
    for (const oid of ['1.2.840.113554.1.2.2', '2.16.840.1.101.3.4.2.1', '2.999.3', '0.9.2342']) {
      expect(decoded(ObjectIdentifier, encoded(ObjectIdentifier, oid))).toBe(oid);
    }
    expect(encoded(ObjectIdentifier, '1.2.840.113554.1.2.2')).toBe('06092a864886f712010202');
    expect(() => decoded(ObjectIdentifier, '06022a80')).toThrow(CodecError);
    expect(() => decoded(ObjectIdentifier, '0600')).toThrow(CodecError);
  });
});

const Inner = sequence('Inner', { number: explicit(0, Int32), name: optional(1, GeneralString) });
const Outer = application(
  5,
  sequence('Outer', {
    pvno: constant(explicit(0, Int32), 5),
    inner: explicit(1, Inner),
    raw: optional(2, der(Inner)),
    list: explicit(3, sequenceOf(Int32)),
    mark: optional(implicit(4, OctetString)),
    nested: optional(implicit(5, Inner)),
  }),
  'Outer',
);
const Either = choice('Either', { one: explicit(0, Int32), two: implicit(1, OctetString) });

const innerValue = fc.record(
  {
    number: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    name: fc.string({ unit: 'grapheme', maxLength: 200 }),
  },
  { requiredKeys: ['number'] },
);
const outerValue = fc.record(
  {
    inner: innerValue,
    raw: innerValue.map(value => Inner.encode(value)),
    list: fc.array(fc.integer({ min: -0x80000000, max: 0x7fffffff }), { maxLength: 60 }),
    mark: fc.uint8Array({ maxLength: 300 }),
    nested: innerValue,
  },
  { requiredKeys: ['inner', 'list'] },
);

describe('a declared type', () => {
  it('reads what it wrote, and an independent reader finds it DER', () => {
    fc.assert(
      fc.property(outerValue, value => {
        const written = Outer.encode(value);
        expect(Outer.decode(written)).toEqual(value);
        expect(byForge(written)).toBe(bytesToHex(written));
      }),
    );
  });

  it('answers junk with CodecError and nothing else', () => {
    const mutated = fc
      .tuple(outerValue, fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([value, at, mask]) => {
        const bytes = Outer.encode(value);
        bytes[at % bytes.length]! ^= mask;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), bytes => {
        try {
          Outer.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every truncation and every byte too many', () => {
    const whole = Outer.encode({ inner: { number: 1, name: 'x' }, list: [1, 2], mark: Uint8Array.of(1) });
    for (let length = 0; length < whole.length; length++) {
      expect(() => Outer.decode(whole.subarray(0, length))).toThrow(CodecError);
    }
    expect(() => Outer.decode(Uint8Array.from([...whole, 0]))).toThrow(CodecError);
  });

  it('tells the path of the field that is wrong', () => {
    const bytes = Outer.encode({ inner: { number: 1 }, list: [7, 8] });
    const at = bytesToHex(bytes).indexOf('020108') / 2;
    bytes[at] = 0x04;
    expect(() => Outer.decode(bytes)).toThrow(
      expect.objectContaining({ path: ['Outer', 'list', '[1]'], code: 'CODEC' }),
    );
  });

  it('insists on its constants and says nothing of them', () => {
    const bytes = Outer.encode({ inner: { number: 1 }, list: [] });
    expect(Outer.decode(bytes)).not.toHaveProperty('pvno');
    bytes[bytesToHex(bytes).indexOf('020105') / 2 + 2] = 4;
    expect(() => Outer.decode(bytes)).toThrow(/Outer\.pvno: 4 where 5 belongs/);
  });

  it('is not written without a field that it must have', () => {
    expect(() => Outer.encode({ list: [] } as never)).toThrow(TypeError);
    // The writer that they share is free again after that.
    expect(Inner.decode(Inner.encode({ number: 3 }))).toEqual({ number: 3 });
  });

  it('may be one of several', () => {
    expect(Either.decode(Either.encode({ one: 3 }))).toEqual({ one: 3 });
    expect(encoded(Either, { two: Uint8Array.of(7) })).toBe('810107');
    expect(() => decoded(Either, '820107')).toThrow(CodecError);
  });

  it('passes over members that later RFCs added', () => {
    expect(decoded(Inner, '300aa003020101a903020102')).toEqual({ number: 1 });
  });

  it('lends its bytes, which what is encoded meanwhile leaves alone', () => {
    const meanwhile = OctetString.lend(Uint8Array.of(1, 2), lent => {
      const other = OctetString.encode(Uint8Array.of(3, 4, 5));
      return [bytesToHex(lent), bytesToHex(other)];
    });
    expect(meanwhile).toEqual(['04020102', '0403030405']);
  });
});

describe('limits', () => {
  it('hold for size, depth and length', () => {
    expect(() => Any.decode(new Uint8Array(MAX_DER_BYTES + 1))).toThrow(/longer than/);
    let deep: ReturnType<typeof explicit<number>> = Int32;
    let bytes = Int32.encode(1);
    for (let i = 0; i < 40; i++) {
      deep = explicit(0, deep);
      bytes = explicit(0, Any).encode(bytes);
    }
    expect(() => deep.decode(bytes)).toThrow(/nested deeper/);
    expect(() => decoded(OctetString, '0480010000')).toThrow(/indefinite/);
    expect(() => decoded(OctetString, '048500000000010a')).toThrow(/more than 4/);
    expect(() => decoded(OctetString, '04810105')).toThrow(/shortest/);
    expect(() => decoded(OctetString, '0484ffffffff00')).toThrow(/runs past/);
  });

  it('leave a message of a megabyte within a second', () => {
    const many = sequenceOf(Int32).encode(Array.from({ length: 200_000 }, (_, i) => i % 100));
    expect(sequenceOf(Int32).decode(many)).toHaveLength(200_000);
  });

  it('keep long values in one piece', () => {
    for (const length of [0, 127, 128, 255, 256, 65_535, 65_536, 500_000]) {
      const value = new Uint8Array(length).fill(7);
      expect(OctetString.decode(OctetString.encode(value))).toEqual(value);
    }
  });
});
