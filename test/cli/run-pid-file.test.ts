import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { writePidFile } from '../../src/cli/run/pid-file.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

let folder: string;
let path: string;
let io: ReturnType<typeof captureIo>;
beforeEach(() => {
  folder = scratch();
  path = join(folder, 'pid');
  io = captureIo();
});

const write = (pid = 4711): (() => void) => writePidFile(path, pid, { program: 'run', io });
const content = (): string => readFileSync(path, 'utf8');

it('holds the number, whatever an earlier process left there, and is removed', () => {
  writeFileSync(path, '1234567\n');
  const remove = write();
  expect(content()).toBe('4711\n');
  remove();
  expect([existsSync(path), io.output]).toEqual([false, '']);
});

it('stays where another process has made it its own', () => {
  const remove = write();
  const removeOther = write(4712);
  remove();
  expect(content()).toBe('4712\n');
  removeOther();
  expect(existsSync(path)).toBe(false);
});

it('that has already been removed is no error', () => {
  const remove = write();
  write()();
  expect(remove).not.toThrow();
});

it('takes the place of nothing but such a file', () => {
  writeFileSync(path, 'precious');
  write()();
  const reason = 'It holds something other than the number of a process';
  expect([content(), io.output]).toEqual(['precious', `run: Cannot write ${path}: ${reason}\n`]);
  writeFileSync(path, '');
  write();
  expect(content()).toBe('4711\n');
});

it('is written through no symbolic link', () => {
  writeFileSync(join(folder, 'precious'), 'precious');
  symlinkSync(join(folder, 'precious'), path);
  write()();
  expect(readFileSync(join(folder, 'precious'), 'utf8')).toBe('precious');
  expect([existsSync(path), io.output]).toEqual([true, `run: Cannot write ${path}: It is a symbolic link\n`]);
});

it('is not waited for where it is a pipe that nobody reads', () => {
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  write()();
  expect([existsSync(path), io.output]).toEqual([true, `run: Cannot write ${path}: It is no file\n`]);
});

it('that is a directory stays, and is reported', () => {
  mkdirSync(path);
  write()();
  expect([existsSync(path), io.output]).toEqual([true, `run: Cannot write ${path}: Is a directory\n`]);
});

it.each([[join('none', 'pid')], ['']])('that cannot be made is told of: %j', name => {
  path = name && join(folder, name);
  write()();
  expect(io.output).toBe(`run: Cannot write ${path}: No such file or directory\n`);
});
