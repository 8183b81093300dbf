import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { dirType } from '../../src/ccache/dir.ts';
import { fileType } from '../../src/ccache/file.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import { removeLeftovers } from '../../src/ccache/leftovers.ts';
import { describeOurselves } from '../../src/ccache/lock/holder.ts';
import { withLock } from '../../src/ccache/lock.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';
import { environment, scratch } from './samples.ts';
import { contents, credential, NOW } from './tickets.ts';

/** What a process leaves that is killed while it writes the file at `path`: half of that, and its lock. */
async function dieWriting(path: string, here: CcacheEnvironment): Promise<void> {
  const { dataDirectory } = here;
  const locks = join(dataDirectory, 'locks');
  const name = await withLock(dataDirectory, path, async () => readdirSync(locks)[0]!);
  // A process of that number is there, but it is another one.
  symlinkSync(describeOurselves().replace(/^(\d+) \d*/, '$1 1'), join(locks, name));
  leave(path);
}

function leave(path: string): string {
  const temporary = path.replace(/([^/]+)$/, '.$1.krb5kit-0a1b2c3d');
  writeFileSync(temporary, 'half a ticke');
  return temporary;
}

function grow2MinutesOld(path: string): void {
  utimesSync(path, NOW, new Date(Date.now() - 120_000));
}

describe('removeLeftovers', () => {
  it('wipes those of a dead writer at once, others when they have not been written to for a minute', () => {
    const directory = scratch();
    const path = join(directory, 'cc');
    const temporary = leave(path);
    removeLeftovers(path, false);
    expect(readdirSync(directory)).toHaveLength(1);
    grow2MinutesOld(temporary);
    removeLeftovers(path, false);
    expect(readdirSync(directory)).toEqual([]);
    leave(path);
    removeLeftovers(path, true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('leaves alone what is named otherwise, belongs to another file, or is none', () => {
    const directory = scratch();
    for (const name of ['cc', 'cc.0a1b2c3d', '.cc.krb5kit-mine', '.cd.krb5kit-0a1b2c3d']) {
      writeFileSync(join(directory, name), '');
    }
    mkdirSync(join(directory, '.cc.krb5kit-00000000'));
    symlinkSync('cc', join(directory, '.cc.krb5kit-11111111'));
    removeLeftovers(join(directory, 'cc'), true);
    expect(readdirSync(directory)).toHaveLength(6);
  });

  it('has nothing to do where there is no directory', () => {
    expect(() => removeLeftovers(join(scratch(), 'missing/cc'), true)).not.toThrow();
  });
});

describe.runIf(process.platform === 'linux')('what a killed process left', () => {
  it('goes with the next one that writes the same FILE cache', async () => {
    const directory = scratch();
    const here = environment(directory);
    const path = join(directory, 'cc');
    const cache = fileType.resolve(path, here);
    await cache.initialize(contents);
    await dieWriting(path, here);
    await cache.store([credential('host/a@A.TEST')], NOW);
    expect(readdirSync(directory).sort()).toEqual(['cc', 'data']);
  });

  it('goes with kdestroy where it is all there is', async () => {
    const directory = scratch();
    const here = environment(directory);
    const path = join(directory, 'cc');
    await dieWriting(path, here);
    await expect(fileType.resolve(path, here).destroy()).rejects.toThrow('No credentials cache found');
    expect(readdirSync(directory)).toEqual(['data']);
    expect(readdirSync(join(directory, 'data/locks'))).toEqual([]);
  });

  it('goes with the next look at a DIR collection, also for a member that came to nothing', async () => {
    const directory = scratch();
    const here = environment(directory);
    const caches = join(directory, 'cc');
    mkdirSync(caches);
    await dieWriting(join(caches, 'tktAb3xY9'), here);
    expect(await dirType.collection!(caches, here)!.list()).toEqual([]);
    expect(readdirSync(caches)).toEqual([]);
  });

  it('is not waited for by a look at a DIR collection while its writer lives', async () => {
    const directory = scratch();
    const here = environment(directory);
    const path = join(directory, 'tkt');
    await fileType.resolve(path, here).initialize(contents);
    await withLock(here.dataDirectory, path, async () => {
      leave(path);
      expect(await dirType.collection!(directory, here)!.list()).toHaveLength(1);
    });
    expect(readdirSync(directory)).toContain('.tkt.krb5kit-0a1b2c3d');
  });

  it('goes with the next change of sealed tickets', async () => {
    const dataDirectory = join(scratch(), 'data');
    const chain = memoryKeychain();
    const here = { dataDirectory, keychain: async () => chain };
    const cache = keychainType.resolve('', here);
    await cache.initialize(contents);
    await dieWriting(join(dataDirectory, 'tickets'), here);
    await cache.store([credential('host/a@A.TEST')], NOW);
    expect(readdirSync(dataDirectory).sort()).toEqual(['locks', 'tickets']);
  });
});
