import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The bytes of a regular file, or undefined if there are more than `limit`, or if the file is a FIFO or a device, which
 * could block or never end. Throws what node:fs throws.
 */
export function readRegularFile(path: string, limit: number): Uint8Array | undefined {
  // Windows leaves the flag undefined.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return readOpenFile(fd, limit);
  } finally {
    closeSync(fd);
  }
}

/** Like `readRegularFile`, from the start of an open file. */
export function readOpenFile(fd: number, limit: number): Uint8Array | undefined {
  const found = fstatSync(fd);
  // Reading a directory fails with its own error.
  if (!(found.isFile() || found.isDirectory())) return undefined;
  if (found.size > limit) return undefined;
  const bytes = new Uint8Array(found.isDirectory() ? 1 : found.size);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
