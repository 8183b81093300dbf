import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmac, macMatches } from '../../src/crypto/mac.ts';
import { hex } from './support.ts';

describe.each(['md5', 'sha1', 'sha256', 'sha384'] as const)('HMAC over %s', name => {
  it.each([0, 1, 1000, 4031, 4032, 4033, 5000, 200_000])('is that of node:crypto for %d bytes', length => {
    const key = new Uint8Array(16).fill(7);
    const data = new Uint8Array(length).fill(1);
    expect(hex(hmac(name, key)(data))).toBe(createHmac(name, key).update(data).digest('hex'));
  });

  it('takes keys of up to a block, and data in parts', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(bytes, fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 4 }), (key, parts) => {
        const expected = createHmac(name, key).update(Buffer.concat(parts)).digest('hex');
        const mac = hmac(name, key);
        expect(hex(mac(...parts))).toBe(expected);
        // What was summed before leaves nothing behind.
        expect(hex(mac(...parts))).toBe(expected);
      }),
    );
  });

  it('refuses a longer key', () => {
    expect(() => hmac(name, new Uint8Array(129))).toThrow(RangeError);
  });
});

describe('a MAC', () => {
  it('matches only its own beginning, of the agreed length', () => {
    const mac = hmac('sha1', new Uint8Array(16))(new Uint8Array(3));
    expect(macMatches(mac, mac.subarray(0, 12), 12)).toBe(true);
    expect(macMatches(mac, mac.subarray(0, 11), 12)).toBe(false);
    expect(macMatches(mac, mac.subarray(1, 13), 12)).toBe(false);
  });
});
