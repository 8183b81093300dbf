import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';
import { encodeHole, encodeRecord, KeytabFile, scanKeytab } from '../../src/keytab/file-format.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { entry } from './samples.ts';

// Written by MIT's ktutil 1.20: alice with version 300 and host/a.b with version 2.
const captured = [
  '0502',
  '00000032 0001 0006412e54455354 0005616c696365 00000001 6b0310a5 2c 0011 0010',
  '12bdd381f80768834b57ca96016fbb31 0000012c',
  '00000046 0002 0006412e54455354 0004686f7374 0003612e62 00000001 6b0310a5 02 0012 0020',
  '92b27a27f7a312f83dd86b9cce4785065774b381eddecc93f0ecb33672e334a2 00000002',
];
const capturedBytes = hexToBytes(captured.join('').replaceAll(' ', ''));

const two = [entry('alice@A.TEST', 300), entry('host/a.b@A.TEST', 2)];

const word = fc.string({ unit: 'grapheme', maxLength: 8 });
const anyEntry = fc.record({
  principal: fc.record({
    nameType: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
    components: fc.array(word, { maxLength: 4 }),
    realm: word,
  }),
  timestamp: fc.nat(0xffffffff).map(seconds => new Date(seconds * 1000)),
  kvno: fc.nat(0xffffffff),
  key: fc.record({
    keytype: fc.integer({ min: -0x8000, max: 0x7fff }),
    keyvalue: fc.uint8Array({ maxLength: 64 }),
  }),
});

describe('KeytabFile', () => {
  it('reads and writes what ktutil does, byte for byte', () => {
    const entries = KeytabFile.decode(capturedBytes);
    expect(
      entries.map(({ principal, kvno, key }) => [formatPrincipal(principal), kvno, key.keytype]),
    ).toEqual([
      ['alice@A.TEST', 300, 17],
      ['host/a.b@A.TEST', 2, 18],
    ]);
    expect(entries[0]!.timestamp).toEqual(new Date('2026-11-22T15:56:21Z'));
    expect(bytesToHex(entries[0]!.key.keyvalue)).toBe('12bdd381f80768834b57ca96016fbb31');
    expect(bytesToHex(KeytabFile.encode(entries))).toBe(bytesToHex(capturedBytes));
  });

  it('gives back what it was given', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 6 }), entries => {
        expect(KeytabFile.decode(KeytabFile.encode(entries))).toEqual(entries);
      }),
    );
  });

  it('uses the 8-bit version if the 32-bit one is missing or zero', () => {
    const record = encodeRecord(entry('a@A', 300), { version: 2, order: 'big' });
    const short = record.slice(0, -4);
    new DataView(short.buffer).setInt32(0, short.length - 4);
    const zero = record.slice();
    zero.fill(0, -4);
    const file = Buffer.concat([hexToBytes('0502'), short, zero]);
    expect(KeytabFile.decode(file).map(({ kvno }) => kvno)).toEqual([44, 44]);
  });

  it('passes over holes and ends at a length of zero', () => {
    const format = { version: 2, order: 'big' } as const;
    const [first, second] = two.map(each => encodeRecord(each, format)) as [Uint8Array, Uint8Array];
    const file = Buffer.concat([
      hexToBytes('0502'),
      first,
      encodeHole(20, format),
      second,
      new Uint8Array(4),
      first,
    ]);
    const { records, end, damaged } = scanKeytab(file);
    expect(records.map(record => record.entry)).toEqual(two);
    expect(end).toBe(2 + first.length + 24 + second.length);
    expect(damaged).toBe(false);
  });

  it.each(['little', 'big'] as const)('reads version 1 of a %s-endian writer', order => {
    const format = { version: 1, order } as const;
    const file = Buffer.concat([
      hexToBytes('0501'),
      ...two.map(each => encodeRecord(each, format)),
      encodeHole(4, format),
    ]);
    const { records, format: found } = scanKeytab(file);
    const typeless = two.map(each => ({ ...each, principal: { ...each.principal, nameType: 0 } }));
    expect(records.map(record => record.entry)).toEqual(typeless);
    expect(found).toEqual(format);
  });

  it.each(['', '05', '0500', '0503', '0602', '7878'])('refuses %s, which is no keytab', hex => {
    expect(() => KeytabFile.decode(hexToBytes(hex))).toThrow(CodecError);
  });

  it('reads what came before a break, wherever it is', () => {
    const bytes = KeytabFile.encode(two);
    const ends = [0, 1, 2].map(count => KeytabFile.encode(two.slice(0, count)).length);
    for (let length = 2; length <= bytes.length; length++) {
      const { records, damaged } = scanKeytab(bytes.subarray(0, length));
      expect(records.map(record => record.entry)).toEqual(
        two.slice(
          0,
          ends.findLastIndex(end => end <= length),
        ),
      );
      expect(damaged).toBe(!ends.includes(length));
    }
  });

  it('survives the flip of any bit', () => {
    for (const version of [1, 2] as const) {
      const records = two.map(each => encodeRecord(each, { version, order: 'big' }));
      const bytes = Buffer.concat([Uint8Array.of(5, version), ...records]);
      for (let bit = 16; bit < bytes.length * 8; bit++) {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect(KeytabFile.decode(flipped).length).toBeLessThanOrEqual(2);
      }
    }
  });

  it('survives junk', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 200 }), (version, junk) => {
        expect(KeytabFile.decode(Uint8Array.of(5, version, ...junk)).length).toBeLessThan(20);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is longer than any keytab', () => {
    expect(() => KeytabFile.decode(new Uint8Array(17 << 20).fill(5, 0, 1).fill(2, 1, 2))).toThrow(
      'longer than',
    );
  });
});
