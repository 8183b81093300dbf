import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { writeAtomically } from '../ccache/atomic-write.ts';
import { systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { readOpenFile, readRegularFile } from '../keytab/read-file.ts';
import { readSome } from './terminal/input.ts';

/** The most bytes to read from a pipe at once. */
const CHUNK = 1 << 16;

/**
 * The bytes of a file, or of a pipe such as a shell's `<(command)`; undefined if there are more than `limit`. Throws
 * what node:fs throws.
 */
export async function readWholeFile(path: string, limit: number): Promise<Uint8Array | undefined> {
  // Does not wait for a FIFO that nobody writes to; on Windows the flag is undefined.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = fstatSync(fd);
    return found.isFile() || found.isDirectory() ? readOpenFile(fd, limit) : await readStream(fd, limit);
  } finally {
    closeSync(fd);
  }
}

type IoCode = 'CACHE_IO' | 'DATABASE_IO';

/** The bytes of a regular file to import, of which there are `limit` at the most. Throws KerberosError with this code. */
export function readImport(path: string, limit: number, code: IoCode): Uint8Array {
  try {
    const bytes = readRegularFile(path, limit);
    if (bytes !== undefined) return bytes;
  } catch (cause) {
    throw new KerberosError(code, systemReason(cause), { cause });
  }
  throw new KerberosError(code, 'It is no regular file, or too long');
}

/** Replaces a file, mode 0600. Throws KerberosError with this code. */
export function writeWholeFile(path: string, bytes: Uint8Array, code: IoCode): void {
  try {
    writeAtomically(path, bytes);
  } catch (error) {
    const { cause } = error as KerberosError;
    const reason = cause === undefined ? 'It is no regular file, or not yours' : systemReason(cause);
    throw new KerberosError(code, reason, { cause });
  }
}

async function readStream(fd: number, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length <= limit; ) {
    const chunk = new Uint8Array(CHUNK);
    const count = await readSome(fd, chunk);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  return undefined;
}
