import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceWindow } from '../../src/gss/sequence-window.ts';
import { majorOf } from './message-support.ts';

const BOTH = { replay: true, sequence: true };
const REPLAY = { replay: true, sequence: false };
const SEQUENCE = { replay: false, sequence: true };
const NEITHER = { replay: false, sequence: false };

function admit(window: SequenceWindow, ...numbers: readonly number[]): (string | undefined)[] {
  return numbers.map(number => majorOf(() => window.admit(BigInt(number))));
}

describe('a sequence window', () => {
  it('asks nothing where neither replay nor sequence counts', () => {
    expect(admit(new SequenceWindow(5n, 64, NEITHER), 5, 5, 900, 6, 1)).toEqual(Array(5).fill(undefined));
  });

  it('lets messages through in their order', () => {
    expect(admit(new SequenceWindow(5n, 64, BOTH), 5, 6, 7, 8)).toEqual(Array(4).fill(undefined));
  });

  it('tells duplicates, gaps and latecomers where both count', () => {
    const window = new SequenceWindow(0n, 64, BOTH);
    expect(admit(window, 0, 0, 3, 4, 2, 2, 1, 5)).toEqual([
      undefined,
      'DUPLICATE_TOKEN',
      'GAP_TOKEN',
      undefined,
      'UNSEQ_TOKEN',
      'DUPLICATE_TOKEN',
      'UNSEQ_TOKEN',
      undefined,
    ]);
  });

  it('refuses only what comes again, or might, where replay alone counts', () => {
    const window = new SequenceWindow(0n, 64, REPLAY);
    expect(admit(window, 0, 100, 37, 36, 35, 37, 36, 101)).toEqual([
      undefined,
      undefined,
      undefined,
      'OLD_TOKEN',
      'OLD_TOKEN',
      'DUPLICATE_TOKEN',
      'OLD_TOKEN',
      undefined,
    ]);
  });

  it('calls everything late out of sequence where sequence alone counts', () => {
    const window = new SequenceWindow(0n, 64, SEQUENCE);
    expect(admit(window, 0, 0, 100, 99, 99, 1)).toEqual([
      undefined,
      'UNSEQ_TOKEN',
      'GAP_TOKEN',
      'UNSEQ_TOKEN',
      'UNSEQ_TOKEN',
      'UNSEQ_TOKEN',
    ]);
  });

  it('has no room before its first number', () => {
    expect(admit(new SequenceWindow(10n, 64, REPLAY), 9, 10, 9)).toEqual([
      'DUPLICATE_TOKEN',
      undefined,
      'DUPLICATE_TOKEN',
    ]);
  });

  it.each([32, 64])('goes on behind the largest number of %i bits', bits => {
    const last = (1n << BigInt(bits)) - 1n;
    const window = new SequenceWindow(last, bits, BOTH);
    expect(majorOf(() => window.admit(last))).toBeUndefined();
    expect(majorOf(() => window.admit(0n))).toBeUndefined();
    expect(majorOf(() => window.admit(last))).toBe('DUPLICATE_TOKEN');
    expect(majorOf(() => window.admit(1n))).toBeUndefined();
  });

  it('never lets a number through twice where replay counts, and every number once where it is no more than 64 late', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.array(fc.nat({ max: 300 }), { maxLength: 200 }),
        (first, offsets) => {
          const window = new SequenceWindow(first, 64, REPLAY);
          const admitted = new Set<number>();
          let highest = -1;
          for (const offset of offsets) {
            const major = majorOf(() => window.admit(BigInt.asUintN(64, first + BigInt(offset))));
            if (highest - offset >= 64) expect(major).toBe('OLD_TOKEN');
            else expect(major).toBe(admitted.has(offset) ? 'DUPLICATE_TOKEN' : undefined);
            admitted.add(offset);
            highest = Math.max(highest, offset);
          }
        },
      ),
    );
  });
});
