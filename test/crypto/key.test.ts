import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt, importKey, randomKey } from '../../src/crypto/key.ts';
import { IntegrityError } from '../../src/errors.ts';
import { ETYPES, haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

interface Sealed {
  readonly key: string;
  readonly usage: number;
  readonly plaintext: string;
  readonly ciphertext: string;
}

function check(etype: number, { key, usage, plaintext, ciphertext }: Sealed): void {
  expect(hex(decrypt(importKey(etype, unhex(key)), usage, unhex(ciphertext)))).toBe(plaintext);
}

describe('decryption', () => {
  it.each(ownVectors<Sealed & { etype: number }>('rfc6803', 'decrypt'))(
    'opens $ciphertext of RFC 6803',
    vector => check(vector.etype, vector),
  );

  it.each(ownVectors<Sealed & { etype: number }>('rfc8009', 'decrypt'))(
    'opens $ciphertext of RFC 8009',
    vector => check(vector.etype, vector),
  );
});

describe('encryption', () => {
  it.each(ETYPES)('takes bytes, not text, which it would take for zeros: enctype %i', etype => {
    for (const text of ['hello', [1, 2, 3], new Uint16Array(3)] as unknown as Uint8Array[]) {
      expect(() => encrypt(randomKey(etype), 1, text)).toThrow(new TypeError('a plaintext is a Uint8Array'));
    }
  });
});

describe('what is prepared', () => {
  it.each(ETYPES)('seals and signs as what is not does: enctype %i', etype => {
    const { bytes } = randomKey(etype);
    const [prepared, other] = [importKey(etype, bytes), importKey(etype, bytes)];
    encrypt(prepared, 12, bytes);
    prepared.operations.prepare?.([11, 12, 24], [10, 6]);
    for (const usage of [11, 12, 24, 300]) {
      expect(decrypt(other, usage, encrypt(prepared, usage, bytes))).toEqual(Buffer.from(bytes));
      expect(decrypt(prepared, usage, encrypt(other, usage, bytes))).toEqual(Buffer.from(bytes));
    }
    for (const usage of [10, 6, 11]) {
      expect(hex(prepared.operations.checksum(usage, bytes))).toBe(
        hex(other.operations.checksum(usage, bytes)),
      );
    }
  });
});

describe.skipIf(!haveShared)('decryption, other known answers', () => {
  const vectors = sharedVectors<Sealed & { enctype: number }>('decrypt').filter(({ enctype }) =>
    ETYPES.includes(enctype),
  );

  it('agree for every enctype', () => {
    expect(vectors).toHaveLength(33);
    expect(new Set(vectors.map(({ enctype }) => enctype)).size).toBe(ETYPES.length);
    for (const vector of vectors) check(vector.enctype, vector);
  });
});

describe.each(ETYPES)('encryption with enctype %i', etype => {
  const key = randomKey(etype);

  it('round-trips every size', () => {
    for (let size = 0; size <= 300; size++) {
      const plaintext = new Uint8Array(size).fill(size);
      expect(hex(decrypt(key, 7, encrypt(key, 7, plaintext)))).toBe(hex(plaintext));
    }
  });

  it('round-trips any bytes under any usage, also with a key imported afresh', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(1030), (plaintext, usage) => {
        const ciphertext = encrypt(key, usage, plaintext);
        expect(hex(decrypt(key, usage, ciphertext))).toBe(hex(plaintext));
        expect(hex(decrypt(importKey(etype, key.bytes), usage, ciphertext))).toBe(hex(plaintext));
      }),
    );
  });

  it('leaves plaintext and ciphertext untouched', () => {
    const plaintext = Uint8Array.from({ length: 50 }, (_, i) => i);
    const ciphertext = encrypt(key, 1, plaintext);
    const before = hex(ciphertext);
    decrypt(key, 1, ciphertext);
    expect(hex(ciphertext)).toBe(before);
    expect(plaintext).toEqual(Uint8Array.from({ length: 50 }, (_, i) => i));
  });

  it('never makes the same ciphertext twice', () => {
    const plaintext = new Uint8Array(20);
    const made = Array.from({ length: 600 }, () => hex(encrypt(key, 1, plaintext)));
    expect(new Set(made).size).toBe(600);
  });

  it('detects any flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(), (plaintext, where) => {
        const ciphertext = Uint8Array.from(encrypt(key, 3, plaintext));
        const bit = where % (ciphertext.length * 8);
        ciphertext[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decrypt(key, 3, ciphertext)).toThrow(IntegrityError);
      }),
    );
  });

  it('detects truncation at every length', () => {
    const ciphertext = encrypt(key, 3, new Uint8Array(40));
    for (let length = 0; length < ciphertext.length; length++) {
      expect(() => decrypt(key, 3, ciphertext.subarray(0, length))).toThrow(IntegrityError);
    }
  });

  it('detects another usage and another key', () => {
    const ciphertext = encrypt(key, 11, new Uint8Array(40));
    expect(() => decrypt(key, 12, ciphertext)).toThrow(IntegrityError);
    expect(() => decrypt(randomKey(etype), 11, ciphertext)).toThrow(IntegrityError);
  });

  it('leaves room before a ciphertext and encrypts a trailer with the plaintext', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(70),
        (plaintext, trailer, headroom) => {
          const framed = key.operations.encrypt(24, plaintext, { headroom, trailer });
          const whole = Buffer.concat([plaintext, trailer]);
          expect(framed).toHaveLength(headroom + encrypt(key, 24, whole).length);
          framed.fill(0xff, 0, headroom);
          expect(hex(decrypt(key, 24, framed.subarray(headroom)))).toBe(hex(whole));
          expect(hex(decrypt(key, 24, encrypt(key, 24, whole)))).toBe(hex(whole));
        },
      ),
    );
  });

  it('recovers after a refusal', () => {
    const ciphertext = encrypt(key, 3, Buffer.from('still here'));
    expect(() => decrypt(key, 3, new Uint8Array(60))).toThrow(IntegrityError);
    expect(Buffer.from(decrypt(key, 3, ciphertext)).toString()).toBe('still here');
  });
});

describe.each(ETYPES)('the tag of enctype %i', etype => {
  it('is as long as the profile says, of a ciphertext and of a checksum', () => {
    const { operations, profile } = randomKey(etype);
    const confounder = etype === 23 ? 8 : 16;
    expect(operations.encrypt(1, new Uint8Array(5))).toHaveLength(confounder + 5 + profile.tagLength);
    expect(operations.checksum(1, new Uint8Array(5))).toHaveLength(profile.tagLength);
  });
});

describe('keys', () => {
  it('are refused when their length does not fit', () => {
    for (const etype of ETYPES) {
      const { length } = randomKey(etype).bytes;
      for (const wrong of [0, length - 1, length + 1]) {
        expect(() => importKey(etype, new Uint8Array(wrong))).toThrow(
          expect.objectContaining({ code: 'KEY_LENGTH' }),
        );
      }
    }
  });

  it.each([0, 1, 3, 16, 24, -1, 99])('of enctype %i are refused', etype => {
    expect(() => importKey(etype, new Uint8Array(16))).toThrow(
      expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }),
    );
    expect(() => randomKey(etype)).toThrow(expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }));
  });

  it('keep bytes of their own', () => {
    const bytes = new Uint8Array(16).fill(1);
    const key = importKey(17, bytes);
    bytes.fill(2);
    expect(key.bytes).toEqual(new Uint8Array(16).fill(1));
  });

  it('are random', () => {
    expect(hex(randomKey(18).bytes)).not.toBe(hex(randomKey(18).bytes));
  });
});
