import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A file opened for reads at offsets; `read` gives undefined where the file ends too early. */
export interface OpenFile {
  readonly size: number;
  read(offset: number, length: number): Buffer | undefined;
}

/** Calls `use` with the regular file at `path`; undefined when it cannot be opened or read. */
export function withFile<T>(path: string, use: (file: OpenFile) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile()) return undefined;
    return use({ size: status.size, read: (offset, length) => readAt(fd, offset, length, status.size) });
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function readAt(fd: number, offset: number, length: number, size: number): Buffer | undefined {
  if (offset < 0 || length < 0 || offset + length > size) return undefined;
  const bytes = Buffer.alloc(length);
  return readSync(fd, bytes, 0, length, offset) === length ? bytes : undefined;
}
