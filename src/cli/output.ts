import { writeSync } from 'node:fs';
import { errnoOf } from '../errno.ts';

/**
 * Writes all of `bytes` to a descriptor, waiting for a slow reader. Returns false if the reader is gone. Other
 * failures, such as a full disk, are ignored like C's unchecked stdio does: a ticket must not be lost because a log is
 * full.
 */
export function writeWhole(fd: number, bytes: Uint8Array): boolean {
  try {
    return deliverWhole(fd, bytes);
  } catch {
    return true;
  }
}

/** The same for requested output: throws the system's error for other failures. */
export function deliverWhole(fd: number, bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      sleep(5);
    }
  }
  return true;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
