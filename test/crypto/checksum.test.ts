import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeChecksum, verifyChecksum, verifyHmacMd5 } from '../../src/crypto/checksum.ts';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import { ETYPES, haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

interface Sum {
  readonly cksumtype: number;
  readonly key: string;
  readonly usage: number;
  readonly plaintext: string;
  readonly checksum: string;
}

function check(etype: number, { cksumtype, key, usage, plaintext, checksum }: Sum): void {
  const sum = makeChecksum(importKey(etype, unhex(key)), usage, unhex(plaintext));
  expect({ ...sum, checksum: hex(sum.checksum) }).toEqual({ cksumtype, checksum });
}

describe('checksums', () => {
  it.each(ownVectors<Sum & { etype: number }>('rfc6803', 'checksum'))('give $checksum of RFC 6803', vector =>
    check(vector.etype, vector),
  );

  it.each(ownVectors<Sum & { etype: number }>('rfc8009', 'checksum'))('give $checksum of RFC 8009', vector =>
    check(vector.etype, vector),
  );

  it.each(ETYPES)('of enctype %i verify, and no others do', etype => {
    const key = randomKey(etype);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (data, where) => {
        const sum = makeChecksum(key, 6, data);
        expect(verifyChecksum(key, 6, data, sum)).toBe(true);
        expect(verifyChecksum(key, 10, data, sum)).toBe(false);
        expect(verifyChecksum(randomKey(etype), 6, data, sum)).toBe(false);
        const other = Uint8Array.from(data);
        other[where % data.length]! ^= 1;
        expect(verifyChecksum(key, 6, other, sum)).toBe(false);
        const shorter = sum.checksum.subarray(0, where % sum.checksum.length);
        expect(verifyChecksum(key, 6, data, { ...sum, checksum: shorter })).toBe(false);
      }),
    );
  });

  it.each(ETYPES)('of enctype %i are the same over parts as over the whole', etype => {
    const { operations } = randomKey(etype);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), parts => {
        expect(hex(operations.checksum(6, ...parts))).toBe(hex(operations.checksum(6, Buffer.concat(parts))));
      }),
    );
  });

  it('of a type that is not of the key do not verify', () => {
    const key = randomKey(18);
    const data = Buffer.from('data');
    const { checksum } = makeChecksum(key, 6, data);
    for (const cksumtype of [1, 7, 14, 15, 20, -138, 99]) {
      expect(verifyChecksum(key, 6, data, { cksumtype, checksum })).toBe(false);
    }
    expect(verifyChecksum(key, 6, data, makeChecksum(key, 6, data, -138))).toBe(false);
  });

  it('of a type that is not of the key are not made', () => {
    for (const cksumtype of [0, 1, 7, 14, 15]) {
      expect(() => makeChecksum(randomKey(18), 6, new Uint8Array(1), cksumtype)).toThrow(
        expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }),
      );
    }
  });

  it('of PA-FOR-USER are HMAC-MD5 with any key', () => {
    const key = randomKey(18);
    const data = Buffer.from('user');
    const sum = makeChecksum(key, 17, data, -138);
    expect(sum.cksumtype).toBe(-138);
    expect(verifyHmacMd5(key, 17, data, sum.checksum)).toBe(true);
    expect(verifyHmacMd5(key, 18, data, sum.checksum)).toBe(false);
    expect(verifyHmacMd5(key, 17, data, sum.checksum.subarray(1))).toBe(false);
  });
});

describe.skipIf(!haveShared)('checksums, other known answers', () => {
  const vectors = sharedVectors<Sum & { enctype: number }>('checksum').filter(
    ({ enctype, cksumtype }) => ETYPES.includes(enctype) && cksumtype !== -137,
  );

  it('agree for every enctype', () => {
    expect(vectors).toHaveLength(9);
    expect(new Set(vectors.map(({ enctype }) => enctype)).size).toBe(ETYPES.length);
    for (const vector of vectors) check(vector.enctype, vector);
  });
});
