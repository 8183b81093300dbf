import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wipeAndRemove, writeAtomically } from '../../src/ccache/atomic-write.ts';
import { asSomebodyElse, isRoot, scratch } from './samples.ts';

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, writeSync: vi.fn(fs.writeSync) };
});
afterEach(() => {
  vi.mocked(writeSync).mockReset();
});

const old = Uint8Array.of(1, 2, 3);
const fresh = Uint8Array.of(4, 5, 6, 7);
const permissions = expect.objectContaining({ code: 'CACHE_IO' });

describe('writeAtomically', () => {
  it('makes a file of mode 0600 and leaves nothing else behind', () => {
    const directory = scratch();
    writeAtomically(join(directory, 'cc'), fresh);
    expect(readdirSync(directory)).toEqual(['cc']);
    expect(statSync(join(directory, 'cc')).mode & 0o777).toBe(0o600);
  });

  it('leaves the old bytes to a reader that has them open', () => {
    const path = join(scratch(), 'cc');
    writeFileSync(path, old);
    const reader = openSync(path, 'r');
    writeAtomically(path, fresh);
    const seen = new Uint8Array(9);
    expect(readSync(reader, seen)).toBe(3);
    closeSync(reader);
    expect(Uint8Array.from(readFileSync(path))).toEqual(fresh);
  });

  it('keeps the old file and removes its own when the disk is full', () => {
    const directory = scratch();
    const path = join(directory, 'cc');
    writeFileSync(path, old);
    vi.mocked(writeSync).mockImplementation(() => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    expect(() => writeAtomically(path, fresh)).toThrow(permissions);
    expect(readdirSync(directory)).toEqual(['cc']);
    expect(Uint8Array.from(readFileSync(path))).toEqual(old);
  });

  it('replaces a symlink and does not touch the file it leads to', () => {
    const directory = scratch();
    writeFileSync(join(directory, 'target'), old);
    symlinkSync('target', join(directory, 'cc'));
    writeAtomically(join(directory, 'cc'), fresh);
    expect(lstatSync(join(directory, 'cc')).isFile()).toBe(true);
    expect(Uint8Array.from(readFileSync(join(directory, 'target')))).toEqual(old);
  });

  it('does not write into the other names of a file', () => {
    const directory = scratch();
    writeFileSync(join(directory, 'other'), old);
    linkSync(join(directory, 'other'), join(directory, 'cc'));
    writeAtomically(join(directory, 'cc'), fresh);
    expect(Uint8Array.from(readFileSync(join(directory, 'other')))).toEqual(old);
  });

  it('refuses directories, FIFOs, devices and links to them', () => {
    const directory = scratch();
    mkdirSync(join(directory, 'd'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    symlinkSync('/dev/null', join(directory, 'null'));
    for (const name of ['d', 'fifo', 'null', '/dev/null']) {
      expect(() => writeAtomically(name.startsWith('/') ? name : join(directory, name), fresh)).toThrow(
        permissions,
      );
    }
    expect(readdirSync(directory)).toEqual(['d', 'fifo', 'null']);
  });

  it('says that there is no cache where there is no directory for one', () => {
    const path = join(scratch(), 'missing', 'cc');
    expect(() => writeAtomically(path, fresh)).toThrow(
      expect.objectContaining({
        code: 'CACHE_NOT_FOUND',
        message: `No credentials cache found (filename: ${path})`,
        cache: `FILE:${path}`,
      }),
    );
  });

  it.runIf(isRoot)('refuses a file of somebody else, even in a directory of one’s own', () => {
    const directory = scratch();
    chownSync(directory, 65534, 65534);
    writeFileSync(join(directory, 'cc'), old);
    chmodSync(join(directory, 'cc'), 0o666);
    asSomebodyElse(() => expect(() => writeAtomically(join(directory, 'cc'), fresh)).toThrow(permissions));
    expect(readdirSync(directory)).toEqual(['cc']);
  });

  it.runIf(isRoot)('lets root replace anybody’s file by one of its own', () => {
    const path = join(scratch(), 'cc');
    writeFileSync(path, old);
    chownSync(path, 65534, 65534);
    writeAtomically(path, fresh);
    expect(statSync(path).uid).toBe(0);
  });
});

describe('wipeAndRemove', () => {
  it('removes the file and overwrites what it held', () => {
    const directory = scratch();
    const path = join(directory, 'cc');
    writeFileSync(path, new Uint8Array(100_000).fill(7));
    linkSync(path, join(directory, 'other'));
    wipeAndRemove(path);
    expect(readdirSync(directory)).toEqual(['other']);
    expect(readFileSync(join(directory, 'other'))).toEqual(Buffer.alloc(100_000));
  });

  it('refuses symlinks, so that nobody can have a file of yours wiped by your kdestroy', () => {
    const directory = scratch();
    writeFileSync(join(directory, 'precious'), old);
    symlinkSync('precious', join(directory, 'cc'));
    expect(() => wipeAndRemove(join(directory, 'cc'))).toThrow(
      expect.objectContaining({
        code: 'CACHE_IO',
        message: expect.stringContaining('is a symbolic link, which is not followed'),
      }),
    );
    expect(Uint8Array.from(readFileSync(join(directory, 'precious')))).toEqual(old);
  });

  it('finds nothing behind symlinks that lead nowhere or in a circle', () => {
    const directory = scratch();
    symlinkSync('nowhere', join(directory, 'dangling'));
    symlinkSync('circle', join(directory, 'circle'));
    for (const name of ['dangling', 'circle']) {
      expect(() => wipeAndRemove(join(directory, name))).toThrow(
        expect.objectContaining({ code: 'CACHE_NOT_FOUND' }),
      );
    }
  });

  it('refuses directories and FIFOs', () => {
    const directory = scratch();
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    expect(() => wipeAndRemove(directory)).toThrow(permissions);
    expect(() => wipeAndRemove(join(directory, 'fifo'))).toThrow(permissions);
    expect(existsSync(join(directory, 'fifo'))).toBe(true);
  });

  it.runIf(isRoot)('leaves whole what cannot be removed', () => {
    const directory = scratch();
    const path = join(directory, 'cc');
    writeFileSync(path, old);
    chownSync(path, 65534, 65534);
    chmodSync(directory, 0o755);
    asSomebodyElse(() => expect(() => wipeAndRemove(path)).toThrow(permissions));
    expect(Uint8Array.from(readFileSync(path))).toEqual(old);
  });

  it('says that there is none', () => {
    expect(() => wipeAndRemove(join(scratch(), 'cc'))).toThrow(
      expect.objectContaining({ code: 'CACHE_NOT_FOUND' }),
    );
  });
});
