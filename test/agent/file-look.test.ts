import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FileLook } from '../../src/agent/file-look.ts';
import { identityOf } from '../../src/ccache/sealed/memory.ts';
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
  await nextTurn();
  return { directory, path, file };
}

/** As between a client's two requests. */
async function nextTurn(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
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

  it.each(Object.keys(changes))('is another in the next turn once it was %s', async how => {
    const here = await looked();
    const before = here.file.look();
    // The system's clock for files ticks every few milliseconds.
    await sleep(20);
    expect(here.file.look()).toBe(before);
    await nextTurn();
    changes[how]!(here);
    expect(here.file.look()).toBe(identityOf(here.path));
    expect(here.file.look()).not.toBe(before);
  });

  it('is followed over one replacement after the other, there or not', async () => {
    const { path, file } = await looked();
    for (let i = 0; i < 5; i++) {
      replace(path);
      await nextTurn();
      expect(file.look()).toBe(identityOf(path));
      rmSync(path);
      await nextTurn();
      expect(file.look()).toBe('');
      writeFileSync(path, 'again');
      await nextTurn();
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

  it('stays the same within a turn, unless that is to be forgotten', async () => {
    const { path, file } = await looked();
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
