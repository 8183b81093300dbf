import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoOf } from '../../errno.ts';
import { type Holder, parseHolder } from './holder.ts';

export type LockOutcome = 'held' | 'busy' | 'impossible';

/**
 * Creates a lock that names its holder. It is a link if possible, because a link appears complete or not at all:
 * whenever its holder is killed, others see at once that it is dead.
 */
export function makeLock(path: string, ourselves: string): LockOutcome {
  // Few Windows users may create links.
  if (process.platform === 'win32') return makeFile(path, ourselves);
  try {
    symlinkSync(ourselves, path);
    return 'held';
  } catch (error) {
    return errnoOf(error) === 'EEXIST' ? 'busy' : makeFile(path, ourselves);
  }
}

/** The holder of a lock; undefined if there is none. */
export function readLock(path: string): Holder | undefined {
  try {
    const { ino, mtimeMs } = lstatSync(path);
    return parseHolder(textOf(path), mtimeMs, ino);
  } catch {
    return undefined;
  }
}

/** Removes a lock, if it is ours. */
export function releaseLock(path: string, ourselves: string): void {
  try {
    if (isHeldBy(path, ourselves)) unlinkSync(path);
  } catch {
    // gone with its directory
  }
}

function makeFile(path: string, ourselves: string): LockOutcome {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    const code = errnoOf(error);
    // Windows reports a file that is being removed in other words, but not in those for a missing directory.
    const busy = code === 'EEXIST' || (process.platform === 'win32' && code !== 'ENOENT');
    return busy ? 'busy' : 'impossible';
  }
  if (!write(fd, ourselves)) {
    unlinkSync(path);
    return 'impossible';
  }
  // If we had been stopped for long before writing, the empty file might have been taken over.
  return isHeldBy(path, ourselves) ? 'held' : 'busy';
}

/** Returns whether it succeeded: a disk may be full. */
function write(fd: number, text: string): boolean {
  try {
    return writeSync(fd, text) === text.length;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function isHeldBy(path: string, ourselves: string): boolean {
  try {
    return textOf(path) === ourselves;
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return readFileSync(path, 'latin1');
  }
}
