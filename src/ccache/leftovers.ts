import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CcacheError } from '../errors.ts';
import { replacedBy, wipeAndRemove } from './atomic-write.ts';

/** Milliseconds, more than any writer takes between creating a file and renaming it. */
const LONGEST_WRITING = 60_000;

/**
 * Wipes the temporary files of `writeAtomically` beside `path` that killed writers have left: all of them if the writer
 * is known to be dead, else those that have not been written to for a minute. Throws CcacheError CACHE_IO.
 */
export function removeLeftovers(path: string, writerIsDead: boolean): void {
  for (const leftover of leftoversOf(path)) {
    if (!writerIsDead && Math.abs(Date.now() - leftover.modified) < LONGEST_WRITING) continue;
    try {
      wipeAndRemove(leftover.path);
    } catch (error) {
      if (!(error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND')) throw error;
    }
  }
}

/** Whether there are temporary files of ours beside `path`. */
export function hasLeftovers(path: string): boolean {
  return leftoversOf(path).length > 0;
}

function leftoversOf(path: string): readonly { readonly path: string; readonly modified: number }[] {
  const directory = dirname(path);
  return namesIn(directory)
    .filter(name => replacedBy(name) === basename(path))
    .flatMap(name => {
      const temporary = join(directory, name);
      const found = lstatSync(temporary, { throwIfNoEntry: false });
      const ours = found?.isFile() === true && found.uid === (process.geteuid?.() ?? found.uid);
      return ours ? [{ path: temporary, modified: found.mtimeMs }] : [];
    });
}

/** Empty if the directory cannot be read. */
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
