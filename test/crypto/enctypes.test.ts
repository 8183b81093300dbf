import { describe, expect, it } from 'vitest';
import { DEFAULT_ENCTYPES, isSupported, parseEnctypeList } from '../../src/crypto/enctype-list.ts';
import { enctypeName, isWeak } from '../../src/crypto/enctype-names.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { ETYPES, haveShared, sharedVectors } from './support.ts';

describe('the enctype table', () => {
  it('has a working row for each supported enctype', () => {
    expect([...Array(40).keys()].filter(isSupported)).toEqual(ETYPES);
    const lengths = ETYPES.map(etype => randomKey(etype).bytes.length);
    expect(lengths).toEqual([16, 32, 16, 32, 16, 16, 32]);
  });

  it('names types that it cannot use, but not unknown ones', () => {
    expect(enctypeName(18)).toBe('aes256-cts-hmac-sha1-96');
    expect(enctypeName(16)).toBe('des3-cbc-sha1');
    expect(enctypeName(3)).toBeUndefined();
    expect(isSupported(16)).toBe(false);
  });

  it('reads back the name it gives', () => {
    for (const etype of ETYPES) expect(parseEnctypeList(enctypeName(etype)!, [])).toEqual([etype]);
  });

  it('has no weak or unsupported type among the defaults', () => {
    expect(DEFAULT_ENCTYPES).toEqual([18, 17, 20, 19, 25, 26]);
    expect(DEFAULT_ENCTYPES.filter(isWeak)).toEqual([]);
    expect(DEFAULT_ENCTYPES.every(isSupported)).toBe(true);
    expect(isWeak(23)).toBe(true);
  });
});

describe('enctype lists', () => {
  it.each([
    ['', []],
    [' , ,', []],
    ['aes256-cts,AES128-SHA1\taes256-cts', [18, 17]],
    ['default', [18, 17, 20, 19, 25, 26]],
    ['DEFAULT -aes +rc4', [25, 26, 23]],
    ['nonsense -other + - aes128-sha2', [19]],
    ['camellia', [26, 25]],
  ])('"%s" reads as %j', (text, expected) => {
    expect(parseEnctypeList(text, DEFAULT_ENCTYPES)).toEqual(expected);
  });

  it('admit weak types only where allowed, also from the defaults', () => {
    expect(parseEnctypeList('rc4-hmac-exp default', [24, 17])).toEqual([17]);
    expect(parseEnctypeList('rc4-hmac-exp default', [24, 17], { allowWeak: true })).toEqual([24, 17]);
  });
});

describe.skipIf(!haveShared)('enctype lists, known answers', () => {
  const vectors = sharedVectors<{
    string: string | null;
    defaults: number[];
    expected_without_weak: number[];
    expected_with_weak: number[];
  }>('enctype_list').filter(({ string }) => string !== null);

  it('agree', () => {
    expect(vectors).toHaveLength(8);
    for (const { string, defaults, expected_without_weak, expected_with_weak } of vectors) {
      expect(parseEnctypeList(string!, defaults)).toEqual(expected_without_weak);
      expect(parseEnctypeList(string!, defaults, { allowWeak: true })).toEqual(expected_with_weak);
    }
  });
});
