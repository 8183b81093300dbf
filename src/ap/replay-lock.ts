import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { describeOurselves, isDead } from '../ccache/lock/holder.ts';
import { errnoOf } from '../errno.ts';
import { isOurs, makeLockFile, readHolder } from './lock-file.ts';
import { makeSeal } from './lock-seal.ts';

let ourselves: string | undefined;

/** Milliseconds to wait for a lock; its holder reads and writes only a few bytes. */
const PATIENCE = 2000;
/** A service that has taken its lock this often is expected to take it often. */
const FEW = 32;

/**
 * The lock on the file `path` among our own processes: a file beside it, which names its holder. Creating a file costs
 * twice as much as all that is done under the lock, so a process that takes it often keeps a file and links it.
 */
export class ReplayLock {
  private readonly path: string;
  private readonly lock: string;
  private taken = 0;
  private seal: string | undefined;

  constructor(path: string) {
    this.path = path;
    this.lock = `${path}.lock`;
  }

  /**
   * Runs `work` while no other process of ours does. It blocks the thread, usually for microseconds. Throws what the
   * file system throws, and an Error where the lock is another user's or, after two seconds, still held.
   */
  hold<T>(work: () => T): T {
    const { lock } = this;
    ourselves ??= describeOurselves();
    if (++this.taken === FEW) this.seal = makeSeal(this.path, ourselves);
    const deadline = performance.now() + PATIENCE;
    while (!this.acquire(lock, ourselves)) {
      if (performance.now() > deadline) throw new Error(`${lock} is held by another process`);
      pause(1);
    }
    try {
      return work();
    } finally {
      unlinkSync(lock);
    }
  }

  /**
   * One attempt. A dead holder's lock is replaced only by the process that has taken another lock, named after that
   * holder; a process that comes late finds that the lock is no longer the dead holder's.
   */
  private acquire(lock: string, text: string): boolean {
    if (this.make(lock, text)) return true;
    const found = lstatSync(lock, { throwIfNoEntry: false });
    // Otherwise anybody could make the service wait for a process that never ends.
    if (found !== undefined && !isOurs(found)) throw new Error(`${lock} is not a file of ours`);
    const holder = readHolder(lock);
    if (holder === undefined || !isDead(holder)) return false;
    const claim = `${lock}.${holder.token}`;
    if (!this.acquire(claim, text)) return false;
    if (readHolder(lock)?.token === holder.token) {
      renameSync(claim, lock);
      return true;
    }
    unlinkSync(claim);
    return false;
  }

  private make(lock: string, text: string): boolean {
    try {
      if (this.seal === undefined) makeLockFile(lock, text);
      else linkSync(this.seal, lock);
      return true;
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false;
      if (this.seal === undefined) throw error;
      // Another process has cleaned up, or the file system does not support links.
      this.seal = undefined;
      return this.make(lock, text);
    }
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
