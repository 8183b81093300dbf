import { describe, expect, it } from 'vitest';
import { profileOf } from '../../src/crypto/enctypes.ts';
import { passwordKey } from '../../src/crypto/pbkdf2.ts';
import { MAX_ITERATIONS, stringToKey } from '../../src/crypto/string-to-key.ts';
import { ETYPES, haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

interface Derived {
  readonly etype: number;
  readonly password: string;
  readonly salt: string;
  readonly iterations: number;
  readonly key: string;
}

function check({ etype, password, salt, iterations, key }: Derived): void {
  expect(hex(profileOf(etype).stringToKey(password, unhex(salt), iterations))).toBe(key);
}

function count(iterations: number): Uint8Array {
  return unhex(iterations.toString(16).padStart(8, '0'));
}

describe('string-to-key', () => {
  const rfc3962 = ownVectors<Record<string, string> & { iterations: number }>('rfc3962', 'string_to_key');

  it.each(rfc3962)('follows RFC 3962 B with $iterations iterations', vector => {
    const { password = '', salt = '', iterations } = vector;
    for (const [etype, bits] of [
      [17, 128],
      [18, 256],
    ] as const) {
      const tkey = passwordKey({ hash: 'sha1', keyLength: bits / 8 }, password, unhex(salt), iterations);
      expect(hex(tkey)).toBe(vector[`pbkdf2_${bits}`]);
      check({ etype, password, salt, iterations, key: vector[`key_${bits}`]! });
    }
  });

  it.each(ownVectors<Derived>('rfc6803', 'string_to_key'))('gives $key of RFC 6803', check);
  it.each(ownVectors<Derived>('rfc8009', 'string_to_key'))('gives $key of RFC 8009', check);

  // RFC 4757 §2
  it('hashes the UTF-16 password for RC4, whatever the salt', () => {
    expect(hex(stringToKey(23, 'foo', 'ignored').bytes)).toBe('ac8e657f83df82beea5d43bdaf7800cc');
  });

  it('uses the default count where there are no params, or empty ones', () => {
    for (const [etype, iterations] of [
      [17, 4096],
      [18, 4096],
      [19, 32768],
      [20, 32768],
      [25, 32768],
      [26, 32768],
    ] as const) {
      const key = hex(stringToKey(etype, 'pw', 'EXAMPLE.COMuser').bytes);
      expect(hex(stringToKey(etype, 'pw', Buffer.from('EXAMPLE.COMuser'), new Uint8Array(0)).bytes)).toBe(
        key,
      );
      expect(hex(stringToKey(etype, 'pw', 'EXAMPLE.COMuser', count(iterations)).bytes)).toBe(key);
      expect(hex(stringToKey(etype, 'pw', 'EXAMPLE.COMuser', count(iterations + 1)).bytes)).not.toBe(key);
    }
  });

  it.each([
    ['no whole count', '001000'],
    ['more than a count', '0000100000'],
    ['zero, which stands for 2^32', '00000000'],
    ['fewer iterations than the default', '00000fff'],
    ['more iterations than a client should make', hex(count(MAX_ITERATIONS + 1))],
    ['the most there could be', 'ffffffff'],
  ])('refuses params with %s', (_, params) => {
    expect(() => stringToKey(18, 'pw', 'salt', unhex(params))).toThrow(
      expect.objectContaining({ code: 'S2K_PARAMS' }),
    );
  });

  it('refuses any params for RC4', () => {
    expect(() => stringToKey(23, 'pw', '', count(4096))).toThrow(
      expect.objectContaining({ code: 'S2K_PARAMS' }),
    );
  });

  it('refuses an enctype it does not know', () => {
    expect(() => stringToKey(16, 'pw', '')).toThrow(expect.objectContaining({ code: 'ENCTYPE_UNSUPPORTED' }));
  });
});

describe.skipIf(!haveShared)('string-to-key, other known answers', () => {
  const vectors = sharedVectors<{
    enctype: number;
    password_text: string;
    salt: string;
    params: string;
    iterations: number;
    expect: string;
    key: string;
  }>('string_to_key').filter(({ enctype }) => ETYPES.includes(enctype));

  it('agree, refusals included', () => {
    expect(vectors).toHaveLength(32);
    for (const {
      enctype: etype,
      password_text: password,
      salt,
      params,
      iterations,
      key,
      expect: outcome,
    } of vectors) {
      if (outcome === 'key') check({ etype, password, salt, iterations, key });
      else {
        expect(() => stringToKey(etype, password, unhex(salt), unhex(params))).toThrow(
          expect.objectContaining({ code: 'S2K_PARAMS' }),
        );
      }
    }
  });
});

describe.skipIf(!haveShared)('PBKDF2, known answers', () => {
  const vectors = sharedVectors<{ password: string; salt: string; iterations: number; output: string }>(
    'hash_hmac_pbkdf2',
    'pbkdf2',
  );

  it('agree', () => {
    expect(vectors).toHaveLength(2);
    for (const { password, salt, iterations, output } of vectors) {
      const spec = { hash: 'sha1', keyLength: output.length / 2 } as const;
      const text = Buffer.from(password, 'hex').toString();
      expect(hex(passwordKey(spec, text, unhex(salt), iterations))).toBe(output);
    }
  });
});
