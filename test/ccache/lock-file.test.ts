import { lstatSync, lutimesSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { withLock } from '../../src/ccache/lock.ts';
import { scratch } from './samples.ts';

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, symlinkSync: vi.fn(fs.symlinkSync) };
});
afterEach(() => {
  vi.mocked(symlinkSync).mockReset();
});

/** Whether a lock is a link while somebody holds it, and what others meet meanwhile. */
async function hold(data: string): Promise<{ isLink: boolean; others: unknown }> {
  return withLock(data, 'x', async () => {
    const [name] = readdirSync(join(data, 'locks'));
    const others = withLock(data, 'x', async () => 'both', { timeout: 0 });
    return {
      isLink: lstatSync(join(data, 'locks', name!)).isSymbolicLink(),
      others: await others.catch((error: unknown) => (error as { code: string }).code),
    };
  });
}

describe.runIf(process.platform !== 'win32')('a lock', () => {
  it('is a link, which names its holder from the moment that it is there', async () => {
    const data = scratch();
    expect(await hold(data)).toEqual({ isLink: true, others: 'CACHE_BUSY' });
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
  });

  it('is a file where the file system has no links', async () => {
    vi.mocked(symlinkSync).mockImplementation(() => {
      throw Object.assign(new Error('EPERM: operation not permitted, symlink'), { code: 'EPERM' });
    });
    const data = scratch();
    expect(await hold(data)).toEqual({ isLink: false, others: 'CACHE_BUSY' });
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
  });

  it('is a file on Windows, in a directory that its first user makes', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    onTestFinished(() => {
      Object.defineProperty(process, 'platform', platform);
    });
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    const data = join(scratch(), 'data');
    expect(await hold(data)).toEqual({ isLink: false, others: 'CACHE_BUSY' });
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
  });

  it('tells the next holder whether the last one was killed', async () => {
    const data = scratch();
    const locks = join(data, 'locks');
    const afterCrash = () => withLock(data, 'x', async crashed => crashed);
    expect(await afterCrash()).toBe(false);
    const name = await withLock(data, 'x', async () => readdirSync(locks)[0]!);
    symlinkSync('nobody in particular', join(locks, name));
    lutimesSync(join(locks, name), new Date(), new Date(Date.now() - 300_000));
    expect(await afterCrash()).toBe(true);
    expect(await afterCrash()).toBe(false);
  });
});
