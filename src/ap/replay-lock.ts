import { closeSync, lstatSync, openSync, renameSync, type Stats, unlinkSync, writeSync } from 'node:fs';
import { describeOurselves, type Holder, isDead, parseHolder } from '../ccache/lock-holder.ts';
import { readRegularFile } from '../keytab/read-file.ts';

let ourselves: string | undefined;

/** Milliseconds to wait for a lock; whoever holds it reads and writes a few bytes. */
const PATIENCE = 2000;
/** Far more than a host's name and a few numbers. */
const MAX_LOCK_BYTES = 4096;

/**
 * Runs `work` while no other process of ours does work on `path`, whose lock is a file beside it. It blocks the thread,
 * for microseconds as a rule. Throws what the file system throws, and an Error where the lock is another user's or, after
 * two seconds, still held.
 */
export function withReplayLock<T>(path: string, work: () => T): T {
  const lock = `${path}.lock`;
  ourselves ??= describeOurselves();
  const deadline = performance.now() + PATIENCE;
  while (!acquire(lock, ourselves)) {
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
 * One attempt. A dead holder's lock is replaced by one that was taken under the name of that holder: only one process
 * can have it, and one that comes late finds that the lock is no longer the dead holder's.
 */
function acquire(lock: string, text: string): boolean {
  if (make(lock, text)) return true;
  const found = lstatSync(lock, { throwIfNoEntry: false });
  // Else anybody could have the service wait for a process that never ends.
  if (found !== undefined && !isOurs(found)) throw new Error(`${lock} is not a file of ours`);
  const holder = read(lock);
  if (holder === undefined || !isDead(holder)) return false;
  const claim = `${lock}.${holder.token}`;
  if (!acquire(claim, text)) return false;
  if (read(lock)?.token === holder.token) {
    renameSync(claim, lock);
    return true;
  }
  unlinkSync(claim);
  return false;
}

/** Whether a file belongs to the user we are; without users, any does. */
export function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}

function make(lock: string, text: string): boolean {
  let fd: number;
  try {
    fd = openSync(lock, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
  return true;
}

function read(lock: string): Holder | undefined {
  try {
    const { ino, mtimeMs } = lstatSync(lock);
    // Anybody may have put a FIFO here, where replay caches are wont to lie; it must not stop the service.
    const bytes = readRegularFile(lock, MAX_LOCK_BYTES);
    return bytes && parseHolder(Buffer.from(bytes).toString('latin1'), mtimeMs, ino);
  } catch {
    return undefined;
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
