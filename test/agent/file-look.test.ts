import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FileLook } from '../../src/agent/file-look.ts';
import { identityOf } from '../../src/ccache/sealed/memory.ts';
import { CcacheError } from '../../src/errors.ts';
import { scratch } from '../ccache/samples.ts';

interface Looked {
  readonly directory: string;
  readonly path: string;
  readonly file: FileLook;
}

/** A file that has just been looked at, in a directory of its own. */
async function looked(): Promise<Looked> {
  const directory = join(scratch(), 'data');
  mkdirSync(directory);
  const path = join(directory, 'tickets');
  writeFileSync(path, 'old');
  const file = new FileLook(path);
  onTestFinished(() => file.close());
  expect(file.look()).toBe(identityOf(path));
  await soon();
  return { directory, path, file };
}

/** As before a client that was told of a change can ask anything. */
async function soon(): Promise<void> {
  // A timer may end before its time.
  for (const began = performance.now(); performance.now() - began < 1; ) await sleep(1);
}

function replace(path: string): void {
  writeFileSync(`${path}.new`, 'new');
  renameSync(`${path}.new`, path);
}

describe.skipIf(process.platform === 'win32')('the look of a file', () => {
  const changes: Readonly<Record<string, (at: Looked) => void>> = {
    replaced: ({ path }) => replace(path),
    'replaced while it has another name': ({ path }) => {
      linkSync(path, `${path}.backup`);
      replace(path);
    },
    removed: ({ path }) => rmSync(path),
    'renamed, and another put in its place': ({ path }) => {
      renameSync(path, `${path}.moved`);
      writeFileSync(path, 'new');
    },
    'replaced by a link to it': ({ path }) => {
      renameSync(path, `${path}.moved`);
      symlinkSync(`${path}.moved`, path);
    },
    'written to': ({ path }) => writeFileSync(path, 'longer than it was'),
    touched: ({ path }) => utimesSync(path, 1, 1),
  };

  it.each(Object.keys(changes))('is another soon after it was %s', async how => {
    const here = await looked();
    const before = here.file.look();
    // The system's clock for files ticks every few milliseconds.
    await sleep(20);
    expect(here.file.look()).toBe(before);
    await soon();
    changes[how]!(here);
    expect(here.file.look()).toBe(identityOf(here.path));
    expect(here.file.look()).not.toBe(before);
  });

  it('is followed over one replacement after the other, there or not', async () => {
    const { path, file } = await looked();
    for (let i = 0; i < 5; i++) {
      replace(path);
      await soon();
      expect(file.look()).toBe(identityOf(path));
      rmSync(path);
      await soon();
      expect(file.look()).toBe('');
      writeFileSync(path, 'again');
      await soon();
      expect(file.look()).toBe(identityOf(path));
    }
  });

  it('is another soon after a directory above it was moved', async () => {
    const { directory, path, file } = await looked();
    renameSync(directory, `${directory}.moved`);
    mkdirSync(directory);
    writeFileSync(path, 'new');
    await sleep(200);
    expect(file.look()).toBe(identityOf(path));
  });

  it('is refused for as long as the path cannot be followed', async () => {
    const { directory, path, file } = await looked();
    const before = file.look();
    renameSync(directory, `${directory}.moved`);
    symlinkSync(directory, directory);
    await sleep(200);
    for (let i = 0; i < 3; i++) {
      expect(() => file.look()).toThrow(CcacheError);
      await soon();
    }
    rmSync(directory);
    renameSync(`${directory}.moved`, directory);
    expect(file.look()).toBe(before);
    expect(before).toBe(identityOf(path));
  });

  it('stays the same for a moment, unless that is to be forgotten', async () => {
    const { path, file } = await looked();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    onTestFinished(() => clock.mockRestore());
    const before = file.look();
    replace(path);
    expect(file.look()).toBe(before);
    file.forget();
    expect(file.look()).toBe(identityOf(path));
  });

  it('goes on after it was closed', async () => {
    const { path, file } = await looked();
    file.close();
    expect(file.look()).toBe(identityOf(path));
  });
});
