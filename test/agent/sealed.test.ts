import { spawnSync } from 'node:child_process';
import { renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keychainStore } from '../../src/agent/sealed.ts';
import type { CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, contents, credential, NOW, tgt } from '../ccache/tickets.ts';
import { type MemoryKeychain, memoryKeychain } from '../support/memory-keychain.ts';
import { localAgent } from './support.ts';

interface Setting extends CcacheEnvironment {
  readonly chain: MemoryKeychain;
}

function setting(): Setting {
  const chain = memoryKeychain();
  return { dataDirectory: join(scratch(), 'data'), chain, keychain: async () => chain };
}

const inodeOf = ({ dataDirectory }: Setting) =>
  statSync(join(dataDirectory, 'tickets'), { bigint: true }).ino;

/** Gives a file the time of another, to the nanosecond. */
function touch(path: string, like: string): void {
  expect(spawnSync('touch', ['-r', like, path]).status).toBe(0);
}

describe('the sealed caches of an agent', () => {
  it('are those of KEYCHAIN:, both ways', async () => {
    const here = setting();
    const { cache } = await localAgent({ store: keychainStore(here) });
    await cache('a').initialize(contents);
    expect(await keychainType.resolve('a', here).load()).toEqual(contents);
    await keychainType.resolve('a', here).store([credential('host/a@A.TEST')], NOW);
    expect((await cache('a').load()).credentials).toHaveLength(2);
    await keychainType.resolve('a', here).destroy();
    await expect(cache('a').load()).rejects.toThrow("Credentials cache 'KCM:a' not found");
  });

  it('ask the keychain once', async () => {
    const here = setting();
    await keychainType.resolve('a', here).initialize(contents);
    here.chain.calls.length = 0;
    const { cache } = await localAgent({ store: keychainStore(here) });
    for (let i = 0; i < 5; i++) await cache('a').store([credential(`host/${i}@A.TEST`)], NOW);
    expect((await cache('a').load()).credentials).toHaveLength(6);
    expect(here.chain.calls).toEqual(['read']);
  });

  it('are not open any more once it is locked, until the keychain gives out the key', async () => {
    const here = setting();
    const store = keychainStore(here);
    const { cache, log } = await localAgent({ store });
    await cache('a').initialize(contents);
    store.lock();
    here.chain.locked = true;
    expect(store.locked).toBe(true);
    await expect(cache('a').load()).rejects.toThrow('The OS keychain is locked');
    await expect(cache('a').store([tgt], NOW)).rejects.toThrow('The OS keychain is locked');
    // Once. Native clients only say that permissions are incorrect.
    expect(log).toEqual(['The OS keychain is locked']);
    expect(await store.peek()).toBeUndefined();
    here.chain.locked = false;
    expect(await cache('a').load()).toEqual(contents);
    expect(store.locked).toBe(false);
  });

  it('are found under the new key when others have made them anew', async () => {
    const here = setting();
    const { cache } = await localAgent({ store: keychainStore(here) });
    await cache('a').initialize(contents);
    await keychainType.resolve('a', here).destroy();
    await keychainType.resolve('b', here).initialize(contents);
    expect(await cache('b').load()).toEqual(contents);
    await keychainType.resolve('b', here).destroy();
    await keychainType.resolve('c', here).initialize(contents);
    await cache('d').initialize(contents);
    expect((await keychainType.collection!('', here)!.list()).map(({ residual }) => residual)).toEqual([
      'c',
      'd',
    ]);
  });

  it('are written together when many change them at once, and none is lost', async () => {
    const here = setting();
    const store = keychainStore(here);
    const { cache } = await localAgent({ store });
    await cache('a').initialize(contents);
    const seen = new Set([inodeOf(here)]);
    const change = async (i: number): Promise<void> => {
      await store.change(caches => {
        const members = new Map(caches.members).set(`m${i}`, contents);
        return { caches: { ...caches, members }, value: undefined };
      });
      seen.add(inodeOf(here));
    };
    await Promise.all(Array.from({ length: 50 }, (_, i) => change(i)));
    expect(seen.size).toBeLessThan(10);
    expect((await keychainType.collection!('', here)!.list()).length).toBe(51);
  });

  it('are written once for what several clients ask in a turn', async () => {
    const here = setting();
    const store = keychainStore(here);
    const change = (name: string): Promise<bigint> =>
      new Promise(resolve => {
        setImmediate(async () => {
          await store.change(({ primary, members }) => ({
            caches: { primary, members: new Map(members).set(name, contents) },
            value: undefined,
          }));
          resolve(inodeOf(here));
        });
      });
    const inodes = await Promise.all(['a', 'b', 'c'].map(change));
    expect(new Set(inodes).size).toBe(1);
    expect((await keychainType.collection!('', here)!.list()).length).toBe(3);
  });

  it('stay open after a change, and are not taken for those of another file', async () => {
    const here = setting();
    const store = keychainStore(here);
    const caches = { primary: 'a', members: new Map([['a', contents]]) };
    await store.change(() => ({ caches, value: undefined }));
    expect(await store.read()).toBe(caches);
    await keychainType.resolve('b', here).initialize(contents);
    // As between a client's two requests.
    await new Promise(setImmediate);
    expect([...(await store.read()).members.keys()]).toEqual(['a', 'b']);
  });

  // Others change it within a tick of the file system's clock, and the last file gets the inode of ours.
  it('are not taken for those of another file that looks the same', async () => {
    const here = setting();
    const { cache } = await localAgent({ store: keychainStore(here) });
    const path = join(here.dataDirectory, 'tickets');
    for (let i = 0; i < 8; i++) {
      await cache(`a${i}`).initialize(contents);
      const ours = inodeOf(here);
      touch(`${path}.time`, path);
      for (let tries = 0; tries < 6 && (tries < 2 || inodeOf(here) !== ours); tries++) {
        await keychainType.resolve(`b${i}`, here).initialize(contents);
      }
      touch(path, `${path}.time`);
    }
    expect(await keychainType.collection!('', here)!.list()).toHaveLength(16);
  });

  it('are left alone where a link to them lies in their place', async () => {
    const here = setting();
    const store = keychainStore(here);
    const { cache } = await localAgent({ store });
    await cache('a').initialize(contents);
    const path = join(here.dataDirectory, 'tickets');
    renameSync(path, `${path}.moved`);
    symlinkSync(`${path}.moved`, path);
    await expect(cache('a').store([tgt], NOW)).rejects.toThrow('not a regular file');
    await expect(cache('a').load()).rejects.toThrow('not a regular file');
  });

  it('a change that fails fails alone', async () => {
    const store = keychainStore(setting());
    const put = (name: string) =>
      store.change(({ primary, members }) => {
        if (name === 'bad') throw new TypeError('bad');
        return { caches: { primary, members: new Map(members).set(name, contents) }, value: name };
      });
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map(put));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([...(await store.read()).members.keys()]).toEqual(['a', 'b']);
  });

  it('are what a client reads that has just written', async () => {
    const here = setting();
    const { cache } = await localAgent({ store: keychainStore(here) });
    await cache('a').initialize({ principal: alice, credentials: [] });
    const clients = Array.from({ length: 8 }, async (_, i) => {
      const name = `host/${i}@A.TEST`;
      await cache('a').store([credential(name)], NOW);
      const { credentials } = await cache('a').load();
      return credentials.some(({ server }) => server.components[1] === String(i));
    });
    expect(await Promise.all(clients)).toEqual(clients.map(() => true));
  });
});
