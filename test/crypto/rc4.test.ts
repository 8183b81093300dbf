import { describe, expect, it } from 'vitest';
import { rc4 } from '../../src/crypto/rc4.ts';
import { hex, unhex } from './support.ts';

describe('RC4', () => {
  // RFC 6229, 128-bit key 0102…10, offsets 0 and 16
  it('makes the key stream of RFC 6229', () => {
    const stream = new Uint8Array(32);
    rc4(unhex('0102030405060708090a0b0c0d0e0f10'), new Uint8Array(32), stream);
    expect(hex(stream)).toBe('9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c');
  });

  it('works in place', () => {
    const key = unhex('00112233445566778899aabbccddeeff');
    const bytes = Buffer.from('in place');
    rc4(key, bytes, bytes);
    expect(bytes.toString()).not.toBe('in place');
    rc4(key, bytes, bytes);
    expect(bytes.toString()).toBe('in place');
  });
});
