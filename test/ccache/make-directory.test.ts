import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { makeDirectory } from '../../src/ccache/make-directory.ts';
import { scratch } from './samples.ts';

vi.mock('node:fs', async importOriginal => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return { ...fs, mkdirSync: vi.fn(fs.mkdirSync) };
});

it('makes a directory for the user alone, and those that it lies in', () => {
  const home = scratch();
  const path = join(home, 'a/b/c');
  makeDirectory(path);
  makeDirectory(path);
  expect(statSync(join(home, 'a')).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('makes it though another process makes the one above it meanwhile', () => {
  const path = join(scratch(), 'a/b');
  vi.mocked(mkdirSync).mockImplementationOnce(() => {
    mkdirSync(join(path, '..'));
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  });
  makeDirectory(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it('fails where something else is in the way', () => {
  const home = scratch();
  writeFileSync(join(home, 'file'), '');
  symlinkSync('nowhere', join(home, 'link'));
  expect(() => makeDirectory(join(home, 'file'))).toThrow('EEXIST');
  expect(() => makeDirectory(join(home, 'file/x'))).toThrow('ENOTDIR');
  expect(() => makeDirectory(join(home, 'link/x/y'))).toThrow('EEXIST');
});

it.skipIf(!existsSync('/proc/self'))('gives up where nothing can be made', () => {
  expect(() => makeDirectory('/proc/x/y')).toThrow('ENOENT');
});
