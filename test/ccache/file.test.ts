import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { fileType } from '../../src/ccache/file.ts';
import { asSomebodyElse, environment, isRoot, scratch } from './samples.ts';
import { alice, contents, credential, later, NOW, tgt } from './tickets.ts';

function cacheIn(directory: string, name = 'cc'): Ccache & { readonly path: string } {
  const path = join(directory, name);
  return { ...fileType.resolve(path, environment(directory)), path };
}

function refusal(code: string, sentence: string, path: string) {
  return expect.objectContaining({
    name: 'CcacheError',
    code,
    message: `${sentence} (filename: ${path})`,
    cache: `FILE:${path}`,
  });
}

describe('a FILE cache', () => {
  it('gives back what it was made with, and touches nothing before it is asked', async () => {
    const directory = scratch();
    const cache = cacheIn(directory);
    expect(readdirSync(directory)).toEqual([]);
    await cache.initialize({ ...contents, kdcOffset: -1500 });
    expect(await cache.load()).toEqual({ ...contents, kdcOffset: -1500 });
    expect(statSync(cache.path).mode & 0o777).toBe(0o600);
  });

  it('stores and sweeps', async () => {
    const cache = cacheIn(scratch());
    const short = credential('host/a@A.TEST', { endtime: later(60) });
    await cache.initialize({ ...contents, credentials: [tgt, short] });
    const added = credential('host/b@A.TEST');
    await cache.store([added], later(61));
    expect((await cache.load()).credentials).toEqual([tgt, added]);
  });

  it('removes what matches and tells how many', async () => {
    const cache = cacheIn(scratch());
    await cache.initialize({ ...contents, credentials: [tgt, credential('host/a@A.TEST')] });
    const before = statSync(cache.path).ino;
    expect(await cache.remove(({ server }) => server.components[0] === 'none')).toBe(0);
    expect(statSync(cache.path).ino).toBe(before);
    expect(await cache.remove(({ server }) => server.components[0] === 'host')).toBe(1);
    expect((await cache.load()).credentials).toEqual([tgt]);
  });

  it('can be stored into where it breaks off within a credential', async () => {
    const cache = cacheIn(scratch());
    await cache.initialize({ ...contents, credentials: [tgt, credential('host/a@A.TEST')] });
    truncateSync(cache.path, statSync(cache.path).size - 1);
    expect((await cache.load()).truncated).toBe(true);
    await cache.store([credential('host/b@A.TEST')], NOW);
    const healed = await cache.load();
    expect(healed.truncated).toBe(undefined);
    expect(healed.credentials.map(({ server }) => server.components.at(-1))).toEqual(['A.TEST', 'b']);
  });

  it('takes no more tickets than can be read again', async () => {
    const cache = cacheIn(scratch());
    const large = (name: string) => credential(name, { ticket: new Uint8Array(9 << 20) });
    await cache.initialize({ ...contents, credentials: [large('a/b@A.TEST')] });
    const storing = cache.store([large('c/d@A.TEST')], NOW);
    await expect(storing).rejects.toMatchObject({ code: 'CACHE_IO' });
    expect((await cache.load()).credentials).toHaveLength(1);
  });

  it('is gone once destroyed', async () => {
    const cache = cacheIn(scratch());
    await cache.initialize(contents);
    await cache.destroy();
    expect(existsSync(cache.path)).toBe(false);
    const notFound = refusal('CACHE_NOT_FOUND', 'No credentials cache found', cache.path);
    await expect(cache.load()).rejects.toEqual(notFound);
    await expect(cache.store([tgt], NOW)).rejects.toEqual(notFound);
    await expect(cache.remove(() => true)).rejects.toEqual(notFound);
    await expect(cache.destroy()).rejects.toEqual(notFound);
  });

  it('makes no directory for locks where there is nothing to destroy', async () => {
    const directory = scratch();
    await expect(cacheIn(directory).destroy()).rejects.toThrow('No credentials cache found');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is read through a symlink', async () => {
    const directory = scratch();
    await cacheIn(directory, 'target').initialize(contents);
    symlinkSync('target', join(directory, 'cc'));
    expect((await cacheIn(directory).load()).principal).toEqual(alice);
  });

  it('works without a lock where none can be made', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'data'), 'not a directory');
    const cache = cacheIn(directory);
    await cache.initialize(contents);
    await cache.store([credential('host/a@A.TEST')], NOW);
    expect((await cache.load()).credentials).toHaveLength(2);
  });
});

describe('what is no cache', () => {
  it.each([
    ['an empty file', '', 'Bad format in credentials cache'],
    ['one byte', '05', 'Bad format in credentials cache'],
    ['a version alone', '0504', 'Bad format in credentials cache'],
    ['a header that breaks off', '0504000c0001', 'Bad format in credentials cache'],
    ['a principal that breaks off', '050400000000000100000001', 'End of credential cache reached'],
  ])('%s is told in the native words', async (_name, hex, sentence) => {
    const cache = cacheIn(scratch());
    writeFileSync(cache.path, Buffer.from(hex, 'hex'));
    await expect(cache.load()).rejects.toEqual(refusal('CACHE_FORMAT', sentence, cache.path));
  });

  it('an unknown version has its own code', async () => {
    const cache = cacheIn(scratch());
    writeFileSync(cache.path, 'some text');
    const sentence = 'Unsupported credentials cache format version number';
    await expect(cache.load()).rejects.toEqual(refusal('CACHE_VERSION', sentence, cache.path));
  });

  it('directories, FIFOs and devices are refused at once', async () => {
    const directory = scratch();
    mkdirSync(join(directory, 'd'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    for (const cache of [cacheIn(directory, 'd'), cacheIn(directory, 'fifo'), cacheIn('/dev', 'zero')]) {
      const sentence = 'Bad format in credentials cache';
      await expect(cache.load()).rejects.toEqual(refusal('CACHE_FORMAT', sentence, cache.path));
    }
  });

  it('a relative path is not found where the working directory has been removed', async () => {
    const cwd = vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw Object.assign(new Error('ENOENT: no such file or directory, uv_cwd'), { code: 'ENOENT' });
    });
    onTestFinished(() => cwd.mockRestore());
    const cache = fileType.resolve('no/such/cc', environment(scratch()));
    const missing = expect.objectContaining({ code: 'CACHE_NOT_FOUND' });
    await expect(cache.initialize(contents)).rejects.toEqual(missing);
    await expect(cache.load()).rejects.toEqual(missing);
  });

  it('a path through a file, a link that leads nowhere or in a circle is not found', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'file'), '');
    symlinkSync('nowhere', join(directory, 'dangling'));
    symlinkSync('circle', join(directory, 'circle'));
    for (const name of ['file/cc', 'dangling', 'circle']) {
      const cache = cacheIn(directory, name);
      const sentence = 'No credentials cache found';
      await expect(cache.load()).rejects.toEqual(refusal('CACHE_NOT_FOUND', sentence, cache.path));
    }
  });

  it.runIf(isRoot)('a file of somebody else is told by its permissions', async () => {
    const directory = scratch();
    chmodSync(directory, 0o755);
    const cache = cacheIn(directory);
    await cache.initialize(contents);
    const bytes = readFileSync(cache.path);
    let outcome: Promise<unknown>[] = [];
    asSomebodyElse(() => {
      outcome = [cache.load(), cache.initialize(contents), cache.store([], NOW), cache.destroy()];
    });
    for (const each of outcome) {
      const sentence = 'Credentials cache permissions incorrect';
      await expect(each).rejects.toEqual(refusal('CACHE_IO', sentence, cache.path));
    }
    expect(readFileSync(cache.path)).toEqual(bytes);
    expect(CcacheFile.decode(bytes).principal).toEqual(alice);
  });
});
