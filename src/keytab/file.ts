import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
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
 * A keytab file. It is changed in place, as others do: it keeps its owner and mode, which are what lets a service and
 * nobody else read it.
 */
export function fileKeytab(path: string): Keytab {
  return {
    name: `FILE:${path}`,
    async entries() {
      return guarded(path, () =>
        scanned(readRegularFile(path, MAX_KEYTAB_BYTES)).records.map(({ entry }) => entry),
      );
    },
    async add(entries) {
      guarded(path, () => create(path, entries) || append(path, entries));
    },
    async remove(matches) {
      return guarded(path, () => erase(path, matches));
    },
  };
}

/** Makes the file; false where there is one. */
function create(path: string, entries: readonly KeytabEntry[]): boolean {
  const bytes = KeytabFile.encode(entries);
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    writeAt(fd, bytes, 0);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
  return true;
}

function append(path: string, entries: readonly KeytabEntry[]): true {
  change(path, (fd, { format, end }) => {
    const bytes = Buffer.concat(entries.map(entry => encodeRecord(entry, format)));
    try {
      writeAt(fd, bytes, end);
    } catch (error) {
      ftruncateSync(fd, end);
      throw error;
    }
  });
  return true;
}

function erase(path: string, matches: (entry: KeytabEntry) => boolean): number {
  return change(path, (fd, { format, records }) => {
    const gone = records.filter(({ entry }) => matches(entry));
    for (const { offset, size } of gone) writeAt(fd, encodeHole(size, format), offset);
    return gone.length;
  });
}

/** Opens the file and does `work` on it; refuses one that is damaged, for nothing can be added where it breaks off. */
function change<T>(path: string, work: (fd: number, scan: KeytabScan) => T): T {
  const fd = openSync(path, constants.O_RDWR | (constants.O_NONBLOCK ?? 0));
  try {
    const scan = scanned(readOpenFile(fd, MAX_KEYTAB_BYTES));
    if (scan.damaged) throw new KeytabError('KEYTAB_FORMAT', `Key table file '${path}' is damaged`);
    return work(fd, scan);
  } finally {
    closeSync(fd);
  }
}

function scanned(bytes: Uint8Array | undefined): KeytabScan {
  if (bytes === undefined) throw new CodecError('not a regular file of a sensible size');
  return scanKeytab(bytes);
}

function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

/** Does `work`, whose failures become KeytabError. */
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
