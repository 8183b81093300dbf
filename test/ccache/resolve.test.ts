import { describe, expect, it } from 'vitest';
import { ccacheName } from '../../src/ccache/ccache.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { environment } from './samples.ts';
import { contents, credential, NOW, tgt } from './tickets.ts';

const resolve = (name: string) => resolveCcache(name, environment('/nonexistent'));

describe('resolveCcache', () => {
  it.each([
    ['FILE:/tmp/cc', 'FILE:/tmp/cc'],
    ['/tmp/cc', 'FILE:/tmp/cc'],
    ['cc', 'FILE:cc'],
    ['', 'FILE:'],
    ['FILE:', 'FILE:'],
    ['FILE:/tmp/a:b', 'FILE:/tmp/a:b'],
    ['C:\\Users\\alice\\cc', 'FILE:C:\\Users\\alice\\cc'],
    ['MEMORY:x', 'MEMORY:x'],
  ])('%s is %s', async (name, full) => {
    expect(ccacheName(await resolve(name))).toBe(full);
  });

  it.each(['BOGUS:x', 'keyring:session:x', 'file:/tmp/cc', '/tmp/a:b', 'constructor:', ':x'])(
    '%s is of an unknown type',
    async name => {
      await expect(resolve(name)).rejects.toEqual(
        expect.objectContaining({
          code: 'CACHE_TYPE_UNKNOWN',
          message: 'Unknown credential cache type',
          cache: name,
        }),
      );
    },
  );
});

describe('a MEMORY cache', () => {
  it('is one cache for all handles of its name', async () => {
    const added = credential('host/a@A.TEST');
    await (await resolve('MEMORY:one')).initialize(contents);
    await (await resolve('MEMORY:one')).store([added], NOW);
    const cache = await resolve('MEMORY:one');
    expect((await cache.load()).credentials).toEqual([tgt, added]);
    expect(await cache.remove(each => each === added)).toBe(1);
    expect(await cache.load()).toEqual(contents);
    await cache.destroy();
    await expect(cache.load()).rejects.toEqual(
      expect.objectContaining({
        code: 'CACHE_NOT_FOUND',
        message: 'No credentials cache found',
        cache: 'MEMORY:one',
      }),
    );
    await expect(cache.destroy()).rejects.toEqual(expect.objectContaining({ code: 'CACHE_NOT_FOUND' }));
  });
});
