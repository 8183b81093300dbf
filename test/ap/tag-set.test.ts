import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TagSet } from '../../src/ap/tag-set.ts';

describe('a set of tags', () => {
  it('knows what was added, and nothing else', () => {
    const octet = fc.constantFrom(0, 1, 255);
    const tag = fc.array(octet, { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 200 }), fc.array(tag), (added, others) => {
        const set = new TagSet();
        const known = new Set<string>();
        for (const each of added) {
          expect(set.add(Uint8Array.from(each))).toBe(!known.has(each.join()));
          known.add(each.join());
        }
        expect(set.size).toBe(known.size);
        for (const each of [...added, ...others])
          expect(set.has(Uint8Array.from(each))).toBe(known.has(each.join()));
      }),
    );
  });

  it('grows', () => {
    const tag = (n: number): Uint8Array => new Uint8Array(new Uint32Array([n, 0, 0]).buffer);
    const set = new TagSet();
    for (let n = 0; n < 5000; n++) set.add(tag(n));
    expect(set.size).toBe(5000);
    for (let n = 0; n < 5000; n++) expect(set.has(tag(n))).toBe(true);
    expect(set.has(tag(5000))).toBe(false);
  });
});
