import { closeSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { type Holder, parseHolder } from '../ccache/lock-holder.ts';
import { readRegularFile } from '../keytab/read-file.ts';

/** Far more than a host's name and a few numbers. */
const MAX_LOCK_BYTES = 4096;

/** Makes a file that is not there yet. Throws what the file system throws. */
export function makeLockFile(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Who made a lock file, or undefined where there is none to be read. */
export function readHolder(path: string): Holder | undefined {
  try {
    const { ino, nlink, mtimeMs, ctimeMs } = lstatSync(path);
    // Anybody may have put a FIFO here, where replay caches are wont to lie; it must not stop the service.
    const bytes = readRegularFile(path, MAX_LOCK_BYTES);
    // What is linked was written long before it became a lock.
    const since = nlink > 1 ? ctimeMs : mtimeMs;
    return bytes && parseHolder(Buffer.from(bytes).toString('latin1'), since, ino);
  } catch {
    return undefined;
  }
}

/** Whether a file belongs to the user we are; without users, any does. */
export function isOurs({ uid }: Stats): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}
