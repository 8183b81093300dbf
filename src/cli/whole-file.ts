import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { writeAtomically } from '../ccache/atomic-write.ts';
import { errnoOf, systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { readOpenFile } from '../keytab/read-file.ts';

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

/** Replaces a file, mode 0600. Throws KerberosError with this code. */
export function writeWholeFile(path: string, bytes: Uint8Array, code: 'CACHE_IO' | 'DATABASE_IO'): void {
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

/** Returns the number of bytes read, 0 at the end. */
async function readSome(fd: number, chunk: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}
