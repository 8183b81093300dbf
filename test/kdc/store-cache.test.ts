import { describe, expect, it } from 'vitest';
import { EntryCache } from '../../src/kdc/store/cache.ts';
import type { StoreFile } from '../../src/kdc/store/file.ts';

/** A file of as many records, `r0` and so on, and a cache that tells which of them were opened to be kept or not. */
function cacheOf(count: number) {
  const records = new Map(Array.from({ length: count }, (_, i) => [`r${i}`, Buffer.from(`value ${i}`)]));
  let version = 1;
  const file: Pick<StoreFile, 'lend' | 'version'> = { lend: key => records.get(key), version: () => version };
  const opened: { key: string; kept: boolean }[] = [];
  const cache = new EntryCache(file as StoreFile, (key, bytes, kept) => {
    opened.push({ key, kept });
    return Buffer.from(bytes).toString();
  });
  const change = (key: string, text?: string): void => {
    version++;
    if (text === undefined) records.delete(key);
    else records.set(key, Buffer.from(text));
  };
  const readOthers = (): void => {
    for (let i = 1; i < count; i++) cache.find(`r${i}`);
  };
  return { cache, opened, change, readOthers };
}

describe('a record of a database', () => {
  it('is opened once for several requests in a row', () => {
    const { cache, opened } = cacheOf(1);
    for (let i = 0; i < 3; i++) expect(cache.find('r0')).toBe('value 0');
    expect(opened).toEqual([{ key: 'r0', kept: false }]);
  });

  it('is forgotten when others came, and kept from the second opening on', () => {
    const { cache, opened, readOthers } = cacheOf(500);
    for (let i = 0; i < 4; i++) {
      expect(cache.find('r0')).toBe('value 0');
      readOthers();
    }
    expect(opened.filter(({ key }) => key === 'r0')).toEqual([
      { key: 'r0', kept: false },
      { key: 'r0', kept: true },
    ]);
  });

  it('is seen as it is when it, and nothing else, changes', () => {
    const { cache, opened, change, readOthers } = cacheOf(500);
    for (let i = 0; i < 2; i++) {
      cache.find('r0');
      readOthers();
    }
    change('r1', 'another');
    const before = opened.length;
    expect(cache.find('r0')).toBe('value 0');
    expect(opened).toHaveLength(before);
    change('r0', 'new');
    expect(cache.find('r0')).toBe('new');
    change('r0');
    expect(cache.find('r0')).toBeUndefined();
    expect(cache.find('r1')).toBe('another');
  });
});
