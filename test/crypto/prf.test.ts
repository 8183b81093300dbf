import { describe, expect, it } from 'vitest';
import { importKey } from '../../src/crypto/key.ts';
import { cf2, prf, prfPlus } from '../../src/crypto/prf.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { ETYPES, haveShared, hex, ownVectors, sharedVectors, unhex } from './support.ts';

describe('PRF', () => {
  it.each(ownVectors<{ etype: number; key: string; input: string; output: string }>('rfc8009', 'prf'))(
    'of enctype $etype is as RFC 8009 has it',
    ({ etype, key, input, output }) => {
      expect(hex(prf(importKey(etype, unhex(key)), unhex(input)))).toBe(output);
    },
  );
});

describe('PRF+', () => {
  const key = importKey(17, new Uint8Array(16).fill(5));

  it('joins counted outputs and cuts the last', () => {
    const first = hex(prf(key, Buffer.from('\x01info')));
    const second = hex(prf(key, Buffer.from('\x02info')));
    expect(hex(prfPlus(key, Buffer.from('info'), 20))).toBe((first + second).slice(0, 40));
    expect(hex(prfPlus(key, Buffer.from('info'), 32))).toBe(first + second);
  });

  it('ends after 255 outputs', () => {
    expect(prfPlus(key, new Uint8Array(0), 255 * 16)).toHaveLength(4080);
    expect(() => prfPlus(key, new Uint8Array(0), 255 * 16 + 1)).toThrow(TypeError);
  });
});

describe('KRB-FX-CF2', () => {
  // RFC 6113 appendix A
  it.each([
    [17, '97df97e4b798b29eb31ed7280287a92a'],
    [18, '4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b'],
    [23, '24d7f6b6bae4e5c00d2082c5ebab3672'],
  ])('with two keys of enctype %i is %s', (etype, expected) => {
    const key1 = stringToKey(etype, 'key1', 'key1');
    const key2 = stringToKey(etype, 'key2', 'key2');
    expect(hex(cf2(key1, key2, 'a', Buffer.from('b')).bytes)).toBe(expected);
  });

  it('makes a key of the first enctype', () => {
    const mixed = cf2(stringToKey(17, 'a', 'a'), stringToKey(18, 'b', 'b'), 'x', 'y');
    expect(mixed.etype).toBe(17);
    expect(mixed.bytes).toHaveLength(16);
  });
});

describe.skipIf(!haveShared)('PRF and CF2, other known answers', () => {
  const prfs = sharedVectors<{ enctype: number; key: string; input: string; output: string }>('prf');
  const cf2s = sharedVectors<{ enctype: number; key1: string; key2: string; output: string }>('cf2').filter(
    ({ enctype }) => ETYPES.includes(enctype),
  );

  it('agree', () => {
    expect(prfs).toHaveLength(8);
    for (const { enctype, key, input, output } of prfs) {
      expect(hex(prf(importKey(enctype, unhex(key)), unhex(input)))).toBe(output);
    }
    expect(cf2s).toHaveLength(5);
    for (const { enctype, key1, key2, output } of cf2s) {
      const [first, second] = [importKey(enctype, unhex(key1)), importKey(enctype, unhex(key2))];
      expect(hex(stringToKey(enctype, 'key1', 'key1').bytes)).toBe(key1);
      expect(hex(cf2(first, second, 'a', 'b').bytes)).toBe(output);
    }
  });
});
