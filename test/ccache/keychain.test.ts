import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { hasSealedTickets } from '../../src/ccache/keychain/probe.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { type MemoryKeychain, memoryKeychain } from '../support/memory-keychain.ts';
import { scratch } from './samples.ts';
import { alice, contents, credential, later, NOW, tgt } from './tickets.ts';

interface Setting extends CcacheEnvironment {
  readonly chain: MemoryKeychain;
  readonly file: string;
}

function setting(): Setting {
  const dataDirectory = join(scratch(), 'data');
  const chain = memoryKeychain();
  return { dataDirectory, chain, file: join(dataDirectory, 'tickets'), keychain: async () => chain };
}

const bob = parsePrincipal('bob@A.TEST');
const cache = (residual: string, environment: Setting) => keychainType.resolve(residual, environment);
const collection = (environment: Setting) => keychainType.collection!('', environment)!;
const names = async (environment: Setting) =>
  (await collection(environment).list()).map(({ residual }) => residual);

describe('a KEYCHAIN cache', () => {
  it('gives back what it was initialized with', async () => {
    const here = setting();
    const full = { ...contents, kdcOffset: 1500 };
    await cache('work', here).initialize(full);
    expect(await cache('work', here).load()).toEqual(full);
  });

  it('stores, replaces and sweeps credentials', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    await cache('', here).store([credential('host/a@A.TEST', { endtime: later(60) })], NOW);
    const newer = credential('host/b@A.TEST', { endtime: later(7200) });
    await cache('', here).store([newer], later(61));
    expect((await cache('', here).load()).credentials).toEqual([tgt, newer]);
  });

  it('removes what matches and tells how many', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    expect(await cache('', here).remove(() => false)).toBe(0);
    expect(await cache('', here).remove(() => true)).toBe(1);
    expect((await cache('', here).load()).credentials).toEqual([]);
  });

  it('is not found, and asks no keychain, where nothing was ever sealed', async () => {
    const here = setting();
    const missing = expect.objectContaining({
      code: 'CACHE_NOT_FOUND',
      message: "Credentials cache 'KEYCHAIN:work' not found",
    });
    await expect(cache('work', here).load()).rejects.toEqual(missing);
    await expect(cache('work', here).store([tgt], NOW)).rejects.toEqual(missing);
    await expect(cache('work', here).destroy()).rejects.toEqual(missing);
    expect(await names(here)).toEqual([]);
    expect(here.chain.calls).toEqual([]);
    expect(hasSealedTickets(here.dataDirectory)).toBe(false);
  });

  it('asks the keychain once per look', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    expect(here.chain.calls).toEqual(['write']);
    await cache('', here).load();
    expect(here.chain.calls).toEqual(['write', 'read']);
  });

  it('keeps one key of 32 bytes in the keychain, under the directory', async () => {
    const here = setting();
    await cache('a', here).initialize(contents);
    await cache('b', here).initialize(contents);
    expect([...here.chain.items.keys()]).toEqual([here.dataDirectory]);
    expect(Buffer.from(here.chain.items.get(here.dataDirectory)!, 'base64')).toHaveLength(32);
  });

  it.each([
    ['relative', (path: string) => relative(process.cwd(), path)],
    ['with a slash at its end', (path: string) => `${path}/`],
  ])('has the same key if the path of the directory is written differently: %s', async (_, written) => {
    const here = setting();
    await cache('', { ...here, dataDirectory: written(here.dataDirectory) }).initialize(contents);
    expect([...here.chain.items.keys()]).toEqual([here.dataDirectory]);
    expect((await cache('', here).load()).principal).toEqual(contents.principal);
  });

  it('shows neither names nor the number of tickets on disk', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    const { size, mode } = statSync(here.file);
    await cache('', here).store([credential('host/a@A.TEST'), credential('host/b@A.TEST')], NOW);
    expect(readFileSync(here.file, 'latin1')).not.toMatch(/alice|A\.TEST|host|krbtgt/);
    expect(statSync(here.file).size).toBe(size);
    expect(mode & 0o777).toBe(0o600);
  });

  it('takes file and key with it when the last one is destroyed', async () => {
    const here = setting();
    await cache('a', here).initialize(contents);
    await cache('b', here).initialize(contents);
    const copy = readFileSync(here.file);
    await cache('a', here).destroy();
    expect(existsSync(here.file)).toBe(true);
    await cache('b', here).destroy();
    expect(existsSync(here.file)).toBe(false);
    expect(here.chain.items.size).toBe(0);
    writeFileSync(here.file, copy);
    await expect(cache('b', here).load()).rejects.toMatchObject({ code: 'KEYCHAIN_KEY_LOST' });
  });
});

describe('more than would be read again', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      credential(`host/${i}@A.TEST`, { ticket: new Uint8Array(1 << 20) }),
    );

  it('is not sealed, in one cache or in all together, and what was there stays', async () => {
    const here = setting();
    const alone = cache('alone', here).initialize({ ...contents, credentials: many(17) });
    await expect(alone).rejects.toMatchObject({ code: 'CACHE_IO' });
    expect(here.chain.calls).toEqual([]);
    for (const name of ['a', 'b', 'c', 'd']) {
      await cache(name, here).initialize({ ...contents, credentials: many(15) });
    }
    const last = cache('last', here).initialize({ ...contents, credentials: many(15) });
    await expect(last).rejects.toThrow('too many tickets to be sealed in KEYCHAIN:');
    expect((await cache('d', here).load()).credentials).toHaveLength(15);
  });
});

describe('a sealed file that does not open', () => {
  const attempts = (here: Setting) => [
    () => cache('', here).load(),
    () => cache('', here).initialize(contents),
    () => cache('', here).store([tgt], NOW),
    () => cache('', here).destroy(),
    () => collection(here).list(),
  ];

  async function refusesAll(here: Setting, code: string): Promise<void> {
    const before = readFileSync(here.file);
    for (const attempt of attempts(here)) await expect(attempt()).rejects.toMatchObject({ code });
    expect(readFileSync(here.file)).toEqual(before);
  }

  it('is kept while the keychain is locked', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    here.chain.locked = true;
    await refusesAll(here, 'KEYCHAIN_LOCKED');
    here.chain.locked = false;
    expect(await cache('', here).load()).toMatchObject({ principal: alice });
  });

  it('is kept when its key is gone', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    here.chain.items.clear();
    await refusesAll(here, 'KEYCHAIN_KEY_LOST');
    expect(here.chain.items.size).toBe(0);
  });

  it.each(['first', 'last'])('is kept when its %s byte has changed', async which => {
    const here = setting();
    await cache('', here).initialize(contents);
    const bytes = readFileSync(here.file);
    bytes[which === 'first' ? 0 : bytes.length - 1]! ^= 1;
    writeFileSync(here.file, bytes);
    await refusesAll(here, 'CACHE_FORMAT');
  });

  it('is no cache when it is a directory', async () => {
    const here = setting();
    mkdirSync(here.file, { recursive: true });
    await expect(cache('', here).load()).rejects.toMatchObject({
      code: 'CACHE_IO',
      message: `Sealed credentials cache is not a regular file: remove it (filename: ${here.file})`,
    });
  });

  it('is not written, and the keychain gets no key for it, below what is no directory', async () => {
    const { dataDirectory, ...here } = setting();
    writeFileSync(dataDirectory, '');
    const below = { ...here, dataDirectory: join(dataDirectory, 'data') };
    await expect(cache('', below).initialize(contents)).rejects.toMatchObject({
      code: 'CACHE_IO',
      message: `Tickets cannot be sealed: cannot write to ${below.dataDirectory}: not a directory`,
    });
    expect(here.chain.items.size).toBe(0);
  });

  it('opens when another process put a new one in its place meanwhile', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    const stale = readFileSync(here.file);
    await cache('', here).destroy();
    await cache('', here).initialize(contents);
    const fresh = readFileSync(here.file);
    writeFileSync(here.file, stale);
    const read = here.chain.read;
    here.chain.read = account => {
      writeFileSync(here.file, fresh);
      return read(account);
    };
    expect(await cache('', here).load()).toEqual(contents);
  });
});

describe('the KEYCHAIN collection', () => {
  it('is what the bare name stands for: a member named is alone, with room for others beside it', async () => {
    const here = setting();
    const only = keychainType.collection!('mine', here)!;
    expect(await only.list()).toEqual([]);
    await cache('mine', here).initialize(contents);
    await cache('other', here).initialize(contents);
    expect((await only.list()).map(({ residual }) => residual)).toEqual(['mine']);
    for (let login = 0; login < 2; login++) {
      const bobs = await only.create(bob);
      await bobs.initialize({ ...contents, principal: bob });
      await only.setPrimary(bobs);
    }
    expect(await names(here)).toEqual(['bob@A.TEST', 'mine', 'other']);
  });

  it('names its first member after the principal and makes it primary', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    expect(await names(here)).toEqual(['alice@A.TEST']);
    expect(await collection(here).primary()).toMatchObject({ type: 'KEYCHAIN', residual: 'alice@A.TEST' });
  });

  it('replaces its primary through KEYCHAIN:', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    await cache('', here).initialize({ ...contents, principal: bob });
    expect(await names(here)).toEqual(['alice@A.TEST']);
    expect(formatPrincipal((await cache('', here).load()).principal)).toBe('bob@A.TEST');
  });

  it('stays the cache that KEYCHAIN: was when it was first read', async () => {
    const here = setting();
    await cache('a', here).initialize(contents);
    await cache('b', here).initialize({ ...contents, principal: bob });
    const primary = cache('', here);
    await primary.load();
    await collection(here).setPrimary(cache('b', here));
    const added = credential('host/a@A.TEST');
    await primary.store([added], NOW);
    expect(await primary.load()).toEqual({ ...contents, credentials: [tgt, added] });
    expect((await cache('b', here).load()).credentials).toEqual([tgt]);
    expect(await primary.remove(({ server }) => formatPrincipal(server) === 'host/a@A.TEST')).toBe(1);
    await primary.destroy();
    expect(await names(here)).toEqual(['b']);
    await expect(primary.load()).rejects.toThrow("Credentials cache 'KEYCHAIN:a' not found");
  });

  it('lists its primary first', async () => {
    const here = setting();
    for (const name of ['a', 'b', 'c']) await cache(name, here).initialize(contents);
    await collection(here).setPrimary(cache('b', here));
    expect(await names(here)).toEqual(['b', 'a', 'c']);
  });

  it('refuses a primary that is not there', async () => {
    const here = setting();
    await cache('a', here).initialize(contents);
    await expect(collection(here).setPrimary(cache('b', here))).rejects.toMatchObject({
      code: 'CACHE_NOT_FOUND',
    });
  });

  it('has no primary once that is destroyed, until the next initialize', async () => {
    const here = setting();
    await cache('a', here).initialize(contents);
    await cache('b', here).initialize(contents);
    await cache('', here).destroy();
    expect(await collection(here).primary()).toBeUndefined();
    await expect(cache('', here).load()).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
    expect(await names(here)).toEqual(['b']);
    await cache('', here).initialize(contents);
    expect(await names(here)).toEqual(['alice@A.TEST', 'b']);
  });

  it('finds a free name for a principal', async () => {
    const here = setting();
    expect((await collection(here).create(alice)).residual).toBe('alice@A.TEST');
    await cache('', here).initialize(contents);
    expect((await collection(here).create(alice)).residual).toBe('alice@A.TEST-2');
    expect((await collection(here).create(bob)).residual).toBe('bob@A.TEST');
  });

  it('loses nothing when many store at once', async () => {
    const here = setting();
    await cache('', here).initialize(contents);
    const servers = Array.from({ length: 10 }, (_, i) => `host/${i}@A.TEST`);
    await Promise.all(servers.map(server => cache('', here).store([credential(server)], NOW)));
    expect((await cache('', here).load()).credentials).toHaveLength(11);
  });
});
