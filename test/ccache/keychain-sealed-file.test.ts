import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealedCaches } from '../../src/ccache/sealed/caches.ts';
import { sealBytes, unsealBytes } from '../../src/ccache/sealed/file.ts';
import { CodecError, IntegrityError } from '../../src/errors.ts';
import { anyContents } from './samples.ts';

const key = new Uint8Array(32).fill(1);

describe('sealed bytes', () => {
  it('come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), bytes => {
        expect(new Uint8Array(unsealBytes(sealBytes(bytes, key), key))).toEqual(bytes);
      }),
    );
  });

  it('grow by 4 KiB at a time', () => {
    for (const length of [0, 1, 4046, 4047, 10_000]) {
      expect(sealBytes(new Uint8Array(length), key).length % 4096).toBe(0);
    }
    expect(sealBytes(new Uint8Array(4046), key)).toHaveLength(4096);
    expect(sealBytes(new Uint8Array(4047), key)).toHaveLength(8192);
  });

  it('differ at every writing', () => {
    const bytes = new Uint8Array(10);
    expect(sealBytes(bytes, key)).not.toEqual(sealBytes(bytes, key));
  });

  it('do not open with any bit changed, cut short, or under another key', () => {
    const sealed = sealBytes(Uint8Array.of(1, 2, 3), key);
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), bit => {
        const changed = new Uint8Array(sealed);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => unsealBytes(changed, key)).toThrow(IntegrityError);
      }),
    );
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), length => {
        expect(() => unsealBytes(sealed.subarray(0, length), key)).toThrow(IntegrityError);
      }),
    );
    expect(() => unsealBytes(sealed, new Uint8Array(32))).toThrow(IntegrityError);
  });
});

describe('SealedCaches', () => {
  it('round-trips any collection', () => {
    const caches = fc.record({
      primary: fc.string(),
      members: fc
        .array(fc.tuple(fc.string(), anyContents), { maxLength: 3 })
        .map(entries => new Map(entries)),
    });
    fc.assert(
      fc.property(caches, value => {
        expect(SealedCaches.decode(SealedCaches.encode(value))).toEqual(value);
      }),
    );
  });

  it('refuses bytes after the end', () => {
    const bytes = SealedCaches.encode({ primary: '', members: new Map() });
    expect(() => SealedCaches.decode(Uint8Array.of(...bytes, 0))).toThrow(CodecError);
  });
});
