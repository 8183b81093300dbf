import { closeSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { type Holder, parseHolder } from '../ccache/lock/holder.ts';
import { readRegularFile } from '../keytab/read-file.ts';

/** Far more than the name of a host and a few numbers. */
const MAX_LOCK_BYTES = 4096;

/** Creates a file; fails if it exists. Throws what the file system throws. */
export function makeLockFile(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** The process that holds a lock file, or undefined if none can be read. */
export function readHolder(path: string): Holder | undefined {
  try {
    const { ino, nlink, mtimeMs, ctimeMs } = lstatSync(path);
    // In the directories where replay caches usually lie, anybody may have put a FIFO here, which must not block the
    // service.
    const bytes = readRegularFile(path, MAX_LOCK_BYTES);
    // A linked file was written long before it became a lock.
    const since = nlink > 1 ? ctimeMs : mtimeMs;
    return bytes && parseHolder(Buffer.from(bytes).toString('latin1'), since, ino);
  } catch {
    return undefined;
  }
}

/** Whether a file belongs to the user of this process; where there are no users, any does. */
export function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}
