import { describe, expect, it } from 'vitest';
import { hostAddress, sameAddress } from '../../src/messages/host-address.ts';

describe('the address of a socket', () => {
  it.each([
    ['127.0.0.1', 2, '7f000001'],
    ['::ffff:10.1.2.3', 2, '0a010203'],
    ['::1', 24, '00000000000000000000000000000001'],
    ['::', 24, '00000000000000000000000000000000'],
    ['fe80::1:2%eth0', 24, 'fe800000000000000000000000010002'],
    ['1:2:3:4:5:6:7:8', 24, '00010002000300040005000600070008'],
    ['64:ff9b::10.1.2.3', 24, '0064ff9b00000000000000000a010203'],
  ])('%s is of type %i and has the bytes %s', (text, addrType, hex) => {
    expect(hostAddress(text)).toEqual({ addrType, address: Uint8Array.from(Buffer.from(hex, 'hex')) });
  });

  it.each([
    '',
    'localhost',
    '1.2.3',
    '256.1.1.1',
    '1:2:3',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    'g::',
  ])('%j is none', text => {
    expect(hostAddress(text)).toBeUndefined();
  });

  it('is compared by type and bytes', () => {
    const one = hostAddress('127.0.0.1')!;
    expect(sameAddress(one, { ...one })).toBe(true);
    expect(sameAddress(one, { ...one, addrType: 24 })).toBe(false);
    expect(sameAddress(one, hostAddress('127.0.0.2')!)).toBe(false);
    expect(sameAddress(one, { ...one, address: one.address.subarray(1) })).toBe(false);
  });
});
