import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesToHex,
  bytesToText,
  hexToBytes,
  recentAscii,
  shortAscii,
  textToBytes,
} from '../../src/codec/text.ts';
import { CodecError } from '../../src/errors.ts';
import { cpuTime } from '../support/cpu-time.ts';

describe('text', () => {
  it('is UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), text => {
        expect(bytesToText(Buffer.from(text, 'utf8'))).toBe(text);
        expect(bytesToHex(textToBytes(text))).toBe(Buffer.from(text, 'utf8').toString('hex'));
      }),
    );
  });

  it('keeps any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(bytesToHex(textToBytes(bytesToText(bytes)))).toBe(bytesToHex(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['c080', 'overlong'],
    ['eda080', 'surrogate'],
    ['f4908080', 'above U+10FFFF'],
    ['e282', 'cut short'],
    ['61ff62', 'no UTF-8'],
    ['efbbbf61', 'byte order mark'],
  ])('keeps %s, %s', hex => {
    expect(bytesToHex(textToBytes(bytesToText(hexToBytes(hex))))).toBe(hex);
  });

  it('is the same whatever has been read before', () => {
    const piece = fc.uint8Array({ maxLength: 40, max: 0x81 });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), pieces => {
        const all = Buffer.concat(pieces);
        let start = 0;
        for (const { length } of pieces) {
          expect(recentAscii(all, start, start + length)).toBe(shortAscii(all, start, start + length));
          start += length;
        }
      }),
    );
    const names = Array.from({ length: 2000 }, (_, i) => `user${i % 700}@LAB.TEST`);
    for (const name of names) expect(recentAscii(Buffer.from(name), 0, name.length)).toBe(name);
  });

  it('takes a megabyte of anything in no time', async () => {
    for (const fill of [0xff, 0xc3, 0xe2]) {
      const bytes = new Uint8Array(1 << 20).fill(fill);
      let length = 0;
      const took = await cpuTime(() => {
        length = textToBytes(bytesToText(bytes)).length;
      });
      expect(length).toBe(bytes.length);
      expect(took).toBeLessThan(1500);
    }
  });
});

describe('hexadecimal', () => {
  it('is read and written', () => {
    expect(bytesToHex(hexToBytes('00ff7F'))).toBe('00ff7f');
    for (const text of ['0', '0g', ' 00']) expect(() => hexToBytes(text)).toThrow(CodecError);
  });
});
