import { describe, expect, it } from 'vitest';
import { cmac } from '../../src/crypto/cmac.ts';
import { haveShared, hex, sharedVectors, unhex } from './support.ts';

describe('CMAC', () => {
  // NIST SP 800-38B, appendix D.1
  it.each([
    ['', 'bb1d6929e95937287fa37d129b756746'],
    ['6bc1bee22e409f96e93d7e117393172a', '070a16b46b4d4144f79bdd9dd04a287c'],
    [
      '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
      'dfa66747de9ae63030ca32611497c827',
    ],
  ])('with AES-128 over %s is %s', (input, expected) => {
    const mac = cmac('aes-128-cbc', unhex('2b7e151628aed2a6abf7158809cf4f3c'));
    expect(hex(mac(unhex(input)))).toBe(expected);
  });
});

describe.skipIf(!haveShared)('CMAC with Camellia, known answers', () => {
  const vectors = sharedVectors<{ key: string; input: string; cmac: string }>('cmac_camellia');

  it('agree', () => {
    expect(vectors).toHaveLength(4);
    for (const { key, input, cmac: expected } of vectors) {
      expect(hex(cmac('camellia-128-cbc', unhex(key))(unhex(input)))).toBe(expected);
    }
  });
});
