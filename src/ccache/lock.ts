import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { CcacheError } from '../errors.ts';
import { describeOurselves, type Holder, isDead, parseHolder } from './lock-holder.ts';

export interface LockOptions {
  /** How long to wait for the lock, in seconds; 30 unless told. */
  readonly timeout?: number | undefined;
}

/**
 * Runs `work` while no other process that uses the same data directory does work on `subject`, a path or a name.
 * Throws CcacheError CACHE_BUSY once the time to wait is over. A holder that was killed leaves nothing to clean up.
 * Where locks cannot be made, as in a read-only home, `work` goes on without one: caches are replaced whole, so all
 * that can be lost is a ticket that somebody else stores at the same moment, and that one is fetched again.
 */
export async function withLock<T>(
  dataDirectory: string,
  subject: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const directory = join(dataDirectory, 'locks');
  if (!makeDirectory(directory)) return work();
  const path = join(directory, hash(subject));
  const ourselves = describeOurselves();
  // The system's clock may be set meanwhile; this one only runs.
  const deadline = process.uptime() + (options.timeout ?? 30);
  for (let tries = 0; ; tries++) {
    const outcome = acquire(path, ourselves);
    if (outcome === 'held') break;
    if (outcome === 'impossible') return work();
    if (process.uptime() >= deadline) {
      throw new CcacheError('CACHE_BUSY', 'The credentials cache is in use by another process', subject);
    }
    await new Promise(resolve => setTimeout(resolve, pause(tries)));
  }
  try {
    return await work();
  } finally {
    release(path, ourselves);
  }
}

/** Milliseconds until the next attempt: short at first, but a crowd that waits must leave the processor to the holder. */
function pause(tries: number): number {
  return 1 + Math.random() * Math.min(10 * 1.3 ** tries, 150);
}

type Outcome = 'held' | 'busy' | 'impossible';

/**
 * One attempt. To take over a dead holder's lock is to replace its file, and the right to do so is a lock of its own,
 * named after that holding of it: two who find the same dead holder cannot both have it, and one who comes late finds
 * that the file is no longer that holder's.
 */
function acquire(path: string, ourselves: string): Outcome {
  const made = make(path, ourselves);
  if (made !== 'busy') return made;
  const holder = read(path);
  if (holder === undefined || !isDead(holder)) return 'busy';
  const claim = `${path}.${holder.token}`;
  const claimed = acquire(claim, ourselves);
  if (claimed !== 'held') return claimed;
  if (read(path)?.token === holder.token && rename(claim, path)) return 'held';
  release(claim, ourselves);
  return 'busy';
}

function make(path: string, ourselves: string): Outcome {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    // Windows has other words for a file that is just being removed.
    const busy = (error as NodeJS.ErrnoException).code === 'EEXIST' || process.platform === 'win32';
    return busy ? 'busy' : 'impossible';
  }
  if (!write(fd, ourselves)) {
    unlinkSync(path);
    return 'impossible';
  }
  // Had we been stopped for long before we wrote, the empty file might have been taken over.
  return isHeldBy(path, ourselves) ? 'held' : 'busy';
}

/** Tells whether it could: a disk may be full. */
function write(fd: number, text: string): boolean {
  try {
    return writeSync(fd, text) === text.length;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return true;
  } catch {
    return false;
  }
}

function isHeldBy(path: string, ourselves: string): boolean {
  try {
    return readFileSync(path, 'latin1') === ourselves;
  } catch {
    return false;
  }
}

function read(path: string): Holder | undefined {
  try {
    const { ino, mtimeMs } = lstatSync(path);
    return parseHolder(readFileSync(path, 'latin1'), mtimeMs, ino);
  } catch {
    return undefined;
  }
}

function release(path: string, ourselves: string): void {
  try {
    if (isHeldBy(path, ourselves)) unlinkSync(path);
  } catch {
    // gone with its directory
  }
}

/** FNV-1a over 2 × 32 bits; two subjects that share a hash merely wait for each other. */
function hash(subject: string): string {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let i = 0; i < subject.length; i++) {
    low = Math.imul(low ^ subject.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ subject.charCodeAt(i), 0x01000193);
  }
  return [low, high].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('');
}
