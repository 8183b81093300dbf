import { describe, expect, it } from 'vitest';
import { dk } from '../../src/crypto/aes-sha1.ts';
import { kdfHmacSha2 } from '../../src/crypto/aes-sha2.ts';
import { kdfFeedbackCmac } from '../../src/crypto/camellia.ts';
import { UsageCache, usageConstant } from '../../src/crypto/derive.ts';
import { hmac } from '../../src/crypto/mac.ts';
import { haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

interface DerivedKey {
  readonly key: string;
  readonly constant: string;
  readonly output: string;
}

/** The derivation of each enctype; RFC 8009's takes the length wanted. */
function derive(etype: number, key: Uint8Array, constant: Uint8Array, length: number): Uint8Array {
  switch (etype) {
    case 17:
      return dk('aes-128-ecb', key)([constant])[0]!;
    case 18:
      return dk('aes-256-ecb', key)([constant])[0]!;
    case 19:
      return kdfHmacSha2(hmac('sha256', key), constant, length);
    case 20:
      return kdfHmacSha2(hmac('sha384', key), constant, length);
    case 25:
      return kdfFeedbackCmac('camellia-128-cbc', key)([constant])[0]!;
    case 26:
      return kdfFeedbackCmac('camellia-256-cbc', key)([constant])[0]!;
    default:
      throw new TypeError(`no derivation for ${etype}`);
  }
}

function check(etype: number, { key, constant, output }: DerivedKey): void {
  expect(hex(derive(etype, unhex(key), unhex(constant), output.length / 2))).toBe(output);
}

describe('key derivation', () => {
  it.each(ownVectors<DerivedKey & { etype: number }>('rfc6803', 'derived_key'))(
    'of enctype $etype from $constant is as RFC 6803 has it',
    vector => check(vector.etype, vector),
  );

  it.each(ownVectors<DerivedKey & { etype: number }>('rfc8009', 'derived_key'))(
    'of enctype $etype from $constant is as RFC 8009 has it',
    vector => check(vector.etype, vector),
  );

  it('derives the same from several constants as from each one', () => {
    const key = new Uint8Array(32).fill(7);
    const constants = [usageConstant(2, 0xaa), usageConstant(1 << 24, 0x55), Buffer.from('prf')];
    for (const derived of [dk('aes-256-ecb', key), kdfFeedbackCmac('camellia-256-cbc', key)]) {
      expect(derived(constants).map(hex)).toEqual(constants.map(constant => hex(derived([constant])[0]!)));
    }
  });

  it('puts the usage in four octets, high first', () => {
    expect(hex(usageConstant(0x01020304, 0x99))).toBe('0102030499');
    expect(hex(usageConstant(2, 0xaa))).toBe('00000002aa');
  });
});

describe('usage cache', () => {
  it('makes each value once', () => {
    const made: number[] = [];
    const cache = new UsageCache(usage => made.push(usage));
    for (const usage of [1, 2, 1, 2, 1]) cache.get(usage);
    expect(made).toEqual([1, 2]);
  });

  it('drops the oldest when there are too many', () => {
    const made: number[] = [];
    const cache = new UsageCache(usage => made.push(usage));
    for (let usage = 0; usage < 33; usage++) cache.get(usage);
    cache.get(32);
    cache.get(1);
    expect(made).toHaveLength(33);
    cache.get(0);
    expect(made).toHaveLength(34);
  });
});

describe.skipIf(!haveShared)('key derivation, other known answers', () => {
  const vectors = sharedVectors<DerivedKey & { enctype: number }>('derive_key').filter(
    ({ enctype }) => enctype !== 16,
  );

  it('agree', () => {
    expect(vectors).toHaveLength(18);
    for (const vector of vectors) check(vector.enctype, vector);
  });
});
