import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { CcacheError } from '../errors.ts';
import { type LockOutcome, makeLock, readLock, releaseLock } from './lock/file.ts';
import { describeOurselves, isDead } from './lock/holder.ts';
import { makeDirectory } from './make-directory.ts';

export interface LockOptions {
  /** How long to wait for the lock, in seconds; 30 unless told. */
  readonly timeout?: number | undefined;
}

/**
 * Runs `work` while no other process that uses the same data directory does work on `subject`, a path or a name; `work`
 * is told whether the last one was killed at it, and may have left something behind. Throws CcacheError CACHE_BUSY once
 * the time to wait is over. Where locks cannot be made, as in a read-only home, `work` goes on without one: caches are
 * replaced whole, so all that can be lost is a ticket that somebody else stores at the same moment, and that one is
 * fetched again.
 */
export async function withLock<T>(
  dataDirectory: string,
  subject: string,
  work: (afterCrash: boolean) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const directory = join(dataDirectory, 'locks');
  const path = join(directory, hash(subject));
  const ourselves = describeOurselves();
  // The system's clock may be set meanwhile; this one only runs.
  const deadline = process.uptime() + (options.timeout ?? 30);
  let outcome: Outcome;
  for (let tries = 0; ; tries++) {
    outcome = acquire(path, ourselves);
    // Nearly always the directory is there.
    if (outcome === 'impossible') {
      if (tries > 0 || !canMake(directory)) return work(false);
      continue;
    }
    if (outcome !== 'busy') break;
    if (process.uptime() >= deadline) {
      throw new CcacheError('CACHE_BUSY', 'The credentials cache is in use by another process', subject);
    }
    await new Promise(resolve => setTimeout(resolve, pause(tries)));
  }
  try {
    return await work(outcome === 'inherited');
  } finally {
    releaseLock(path, ourselves);
  }
}

/** Has ready what the next lock takes, as far as that leaves no trace; a third of a millisecond the first time. */
export function prepareLock(): void {
  describeOurselves();
}

/** Milliseconds until the next attempt: short at first, but a crowd that waits must leave the processor to the holder. */
function pause(tries: number): number {
  return 1 + Math.random() * Math.min(10 * 1.3 ** tries, 150);
}

/** A lock is inherited from a holder that was killed. */
type Outcome = LockOutcome | 'inherited';

/**
 * One attempt. To take over a dead holder's lock is to replace its file, and the right to do so is a lock of its own,
 * named after that holding of it: two who find the same dead holder cannot both have it, and one who comes late finds
 * that the file is no longer that holder's.
 */
function acquire(path: string, ourselves: string): Outcome {
  const made = makeLock(path, ourselves);
  if (made !== 'busy') return made;
  const holder = readLock(path);
  if (holder === undefined || !isDead(holder)) return 'busy';
  const claim = `${path}.${holder.token}`;
  const claimed = acquire(claim, ourselves);
  if (claimed === 'busy' || claimed === 'impossible') return claimed;
  if (readLock(path)?.token === holder.token && rename(claim, path)) return 'inherited';
  releaseLock(claim, ourselves);
  return 'busy';
}

function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function canMake(path: string): boolean {
  try {
    makeDirectory(path);
    return true;
  } catch {
    return false;
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
