import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDead } from '../ccache/lock/holder.ts';
import { isOurs, makeLockFile, readHolder } from './lock-file.ts';

/** The seals of this process. */
const seals = new Set<string>();

/**
 * A file beside `path` that is linked whenever its lock is taken; `text` ends with this process's own token. It exists
 * until the process ends. Undefined where it cannot be made.
 */
export function makeSeal(path: string, text: string): string | undefined {
  const seal = sealName(path, text.slice(text.lastIndexOf(' ') + 1));
  if (seals.has(seal)) return seal;
  try {
    sweep(path);
    makeLockFile(seal, text);
  } catch {
    return undefined;
  }
  if (seals.size === 0) process.once('exit', removeAll);
  seals.add(seal);
  return seal;
}

/** Removes the files of processes that were killed, so that they do not accumulate. */
function sweep(path: string): void {
  const folder = dirname(path);
  const beginning = sealName(basename(path), '');
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(beginning)) continue;
    const left = join(folder, name);
    const found = lstatSync(left, { throwIfNoEntry: false });
    // A file with another link may be a lock at this moment.
    if (found === undefined || !isOurs(found) || found.nlink > 1) continue;
    const holder = readHolder(left);
    if (holder !== undefined && isDead(holder)) remove(left);
  }
}

function removeAll(): void {
  for (const seal of seals) remove(seal);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Another process has cleaned up.
  }
}

function sealName(path: string, token: string): string {
  return `${path}.seal.${token}`;
}
