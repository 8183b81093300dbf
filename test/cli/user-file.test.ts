import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readUserFile, removeUserFile, writeUserFile } from '../../src/cli/user/file.ts';
import { scratch } from '../ccache/samples.ts';

const bytes = Buffer.from('new');
let home: string;
let path: string;

beforeEach(() => {
  home = scratch();
  path = join(home, '.profile');
});

const mode = (file: string) => statSync(file).mode & 0o7777;

describe('writing a file of the user', () => {
  it('makes it with its mode, and the directories it lacks', () => {
    path = join(home, 'a/b/unit');
    writeUserFile(path, bytes, 0o600);
    expect([readFileSync(path, 'utf8'), mode(path)]).toEqual(['new', 0o600]);
  });

  it.each([0o600, 0o640, 0o755])('keeps the mode %o', before => {
    writeFileSync(path, 'old');
    chmodSync(path, before);
    writeUserFile(path, bytes, 0o644);
    expect([readFileSync(path, 'utf8'), mode(path)]).toEqual(['new', before]);
  });

  it('replaces it at once: who has it open reads the old bytes to their end, and nothing else is left', () => {
    writeFileSync(path, 'old');
    const before = statSync(path).ino;
    writeUserFile(path, bytes, 0o644);
    expect(statSync(path).ino).not.toBe(before);
    expect(readdirSync(home)).toEqual(['.profile']);
  });

  it('keeps links, and replaces what they lead to', () => {
    mkdirSync(join(home, 'dotfiles'));
    writeFileSync(join(home, 'dotfiles/profile'), 'old', { mode: 0o600 });
    symlinkSync('profile', join(home, 'dotfiles/link'));
    symlinkSync('dotfiles/link', path);
    writeUserFile(path, bytes, 0o644);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(home, 'dotfiles/link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(home, 'dotfiles/profile'), 'utf8')).toBe('new');
    expect(mode(join(home, 'dotfiles/profile'))).toBe(0o600);
    removeUserFile(path);
    expect([lstatSync(path).isSymbolicLink(), existsSync(path)]).toEqual([true, false]);
  });

  it('makes what a link leads to, where there is nothing', () => {
    symlinkSync('elsewhere', path);
    expect(readUserFile(path)).toBeUndefined();
    writeUserFile(path, bytes, 0o644);
    expect(readFileSync(join(home, 'elsewhere'), 'utf8')).toBe('new');
  });

  it('refuses what was made read-only, also for root, who could', () => {
    writeFileSync(path, 'old', { mode: 0o444 });
    expect(() => writeUserFile(path, bytes, 0o644)).toThrow(`Cannot change ${path}: it is read-only`);
    expect(() => removeUserFile(path)).toThrow(`Cannot change ${path}: it is read-only`);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it('refuses what is no file, and links that lead nowhere', () => {
    mkdirSync(path);
    expect(() => readUserFile(path)).toThrow(`Cannot read ${path}: it is not a regular file`);
    const loop = join(home, 'loop');
    symlinkSync('loop', loop);
    expect(() => writeUserFile(loop, bytes, 0o644)).toThrow(/loop: Too many symbolic links encountered$/);
    expect(readdirSync(home).sort()).toEqual(['.profile', 'loop']);
  });

  it('refuses to read more than a shell would like to', () => {
    writeFileSync(path, Buffer.alloc((1 << 20) + 1));
    expect(() => readUserFile(path)).toThrow('it is too long');
  });
});
