import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { errnoOf } from '../errno.ts';
import { CodecError, KeytabError } from '../errors.ts';
import {
  encodeHole,
  encodeRecord,
  KeytabFile,
  type KeytabScan,
  MAX_KEYTAB_BYTES,
  scanKeytab,
} from './file-format.ts';
import type { Keytab, KeytabEntry } from './keytab.ts';
import { readOpenFile, readRegularFile } from './read-file.ts';

/**
 * A keytab file. It is changed in place, as by the native libraries, so that it keeps the owner and mode that let only
 * its service read it.
 */
export function fileKeytab(path: string): Keytab {
  return {
    name: `FILE:${path}`,
    async entries({ whole = false } = {}) {
      return guarded(path, () => {
        const { records, damaged } = scanKeytab(contents(readRegularFile(path, MAX_KEYTAB_BYTES)));
        if (damaged && whole) throw damagedError(path);
        return records.map(({ entry }) => entry);
      });
    },
    async add(entries) {
      guarded(path, () => appendIfThere(path, entries) || create(path, entries) || append(path, entries));
    },
    async remove(matches) {
      return guarded(path, () => erase(path, matches));
    },
  };
}

function appendIfThere(path: string, entries: readonly KeytabEntry[]): boolean {
  try {
    return append(path, entries);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Creates the file, complete from the first moment on; false if it exists. */
function create(path: string, entries: readonly KeytabEntry[]): boolean {
  const bytes = KeytabFile.encode(entries);
  const whole = `${path}.${process.pid}.${randomSuffix()}`;
  writeNew(whole, bytes);
  try {
    linkSync(whole, path);
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    // The file system has no hard links.
    return createBare(path, bytes);
  } finally {
    unlinkSync(whole);
  }
}

function createBare(path: string, bytes: Uint8Array): boolean {
  try {
    writeNew(path, bytes);
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return errnoOf(error) === 'EEXIST';
}

function randomSuffix(): string {
  return Math.random().toString(36).slice(2);
}

/** Writes a new file completely, or leaves none. */
function writeNew(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeAt(fd, bytes, 0);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Appends records. Other processes may do so at the same time, each with a single write at the current end: there is no
 * lock that both we and the native libraries could take.
 */
function append(path: string, entries: readonly KeytabEntry[]): true {
  change(path, (fd, { format, end }, size) => {
    const bytes = Buffer.concat(entries.map(entry => encodeRecord(entry, format)));
    if (end === size) return writeAtEnd(path, bytes);
    try {
      writeAt(fd, bytes, end);
    } catch (error) {
      ftruncateSync(fd, end);
      throw error;
    }
  });
  return true;
}

function writeAtEnd(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    const written = writeSync(fd, bytes);
    if (written === bytes.length) return;
    // The disk is full: half a record would hide records that others add later.
    ftruncateSync(fd, fstatSync(fd).size - written);
    throw Object.assign(new Error('No space left on device'), { code: 'ENOSPC' });
  } finally {
    closeSync(fd);
  }
}

function erase(path: string, matches: (entry: KeytabEntry) => boolean): number {
  return change(path, (fd, { format, records }) => {
    const gone = records.filter(({ entry }) => matches(entry));
    for (const { offset, size } of gone) writeAt(fd, encodeHole(size, format), offset);
    return gone.length;
  });
}

/** How often the file is read again, milliseconds apart, because another process may be writing a record. */
const TRIES = 10;
const STEP = 10;

/** Opens the file and does `work` on it; refuses a damaged file, because nothing can be added behind the damage. */
function change<T>(path: string, work: (fd: number, scan: KeytabScan, size: number) => T): T {
  const fd = openSync(path, constants.O_RDWR | (constants.O_NONBLOCK ?? 0));
  try {
    for (let tries = 1; ; tries++) {
      const bytes = contents(readOpenFile(fd, MAX_KEYTAB_BYTES));
      const scan = scanKeytab(bytes);
      if (!scan.damaged) return work(fd, scan, bytes.length);
      if (tries === TRIES) throw damagedError(path);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP);
    }
  } finally {
    closeSync(fd);
  }
}

function damagedError(path: string): KeytabError {
  return new KeytabError('KEYTAB_FORMAT', `Key table file '${path}' is damaged`);
}

function contents(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new CodecError('not a regular file, or too large');
  return bytes;
}

function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

/** Does `work` and turns its failures into KeytabError. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeytabError) throw error;
    if (error instanceof CodecError) {
      const message = 'Unsupported key table format version number';
      throw new KeytabError('KEYTAB_FORMAT', message, { cause: error });
    }
    throw ioError(error as NodeJS.ErrnoException, path);
  }
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
  ENOSPC: 'No space left on device',
};

function ioError(error: NodeJS.ErrnoException, path: string): KeytabError {
  if (error.code === 'ENOENT') {
    return new KeytabError('KEYTAB_NOT_FOUND', `Key table file '${path}' not found`, { cause: error });
  }
  const sentence = sentences[error.code ?? ''] ?? `Key table file '${path}' cannot be used: ${error.message}`;
  return new KeytabError('KEYTAB_IO', sentence, { cause: error });
}
