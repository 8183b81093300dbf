import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../errno.ts';
import { cacheError, fileError } from './file/error.ts';

// Windows has neither flag and leaves them undefined.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NO_BLOCK = constants.O_NONBLOCK ?? 0;

export interface WriteOptions {
  /** Whether to wait for the disk, to be safe from a power failure as well; it takes a millisecond. */
  readonly durable?: boolean;
}

/**
 * Replaces the file at `path`, or creates it, mode 0600: a reader finds the old bytes or the new ones, and after a
 * failure, such as a full disk, the old ones. A symlink is replaced, never followed. Throws CcacheError CACHE_NOT_FOUND
 * where the directory is missing, and CACHE_IO, also for what is not a regular file or belongs to another user.
 */
export function writeAtomically(path: string, bytes: Uint8Array, options: WriteOptions = {}): void {
  let temporary: string | undefined;
  try {
    checkReplaceable(path);
    const file = openTemporary(path);
    temporary = file.path;
    try {
      writeWhole(file.fd, bytes);
      if (options.durable === true) fsyncSync(file.fd);
    } finally {
      closeSync(file.fd);
    }
    renameOver(temporary, path);
  } catch (error) {
    if (temporary !== undefined) unlinkQuietly(temporary);
    throw fileError(error, path);
  }
}

/**
 * Removes the file at `path` and overwrites its contents with zeros. Throws CcacheError CACHE_NOT_FOUND, also for a
 * symlink that leads nowhere, and CACHE_IO for what cannot be removed, is another symlink or is not a regular file: the
 * file that a link names must never be overwritten.
 */
export function wipeAndRemove(path: string): void {
  try {
    const named = lstatSync(path);
    // It is followed once, so that a link that leads nowhere counts as absent.
    if (named.isSymbolicLink() && statSync(path) !== undefined) throw linked(path);
    if (!named.isFile()) throw refused(path);
    const fd = openSync(path, constants.O_RDWR | NO_FOLLOW | NO_BLOCK);
    try {
      const found = fstatSync(fd);
      if (!found.isFile()) throw refused(path);
      // First removed, then overwritten: nobody finds it half overwritten, and a file that cannot be removed remains
      // intact.
      unlinkSync(path);
      overwrite(fd, found.size);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The name of the file that a temporary one of `writeAtomically` was to replace; undefined for any other name. */
export function replacedBy(temporary: string): string | undefined {
  return /^\.(.+)\.krb5kit-[a-z0-9]{8}$/.exec(temporary)?.[1];
}

function checkReplaceable(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  // Replacing `/dev/stdout` would take the link away from everybody, so the link's target is checked as well.
  const target = found.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : found;
  if ((target !== undefined && !target.isFile()) || !isOurs(found)) throw refused(path);
}

/** Root may replace anybody's file: the new one is root's, and nothing is written into the old one. */
function isOurs(found: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || user === 0 || user === found.uid;
}

function refused(path: string) {
  return cacheError('CACHE_IO', 'Credentials cache permissions incorrect', path);
}

function linked(path: string) {
  return cacheError('CACHE_IO', 'Credentials cache is a symbolic link, which is not followed', path);
}

/** Hidden, so that MIT's tools do not take it for another cache of the directory. */
function temporaryPath(path: string): string {
  const random = Math.random().toString(36).slice(2, 10).padEnd(8, '0');
  return join(dirname(path), `.${basename(path)}.krb5kit-${random}`);
}

function openTemporary(path: string): { path: string; fd: number } {
  for (let tries = 0; ; tries++) {
    const temporary = temporaryPath(path);
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
      return { path: temporary, fd: openSync(temporary, flags, 0o600) };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || tries === 100) throw error;
    }
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

function overwrite(fd: number, size: number): void {
  const zeros = new Uint8Array(Math.min(size, 1 << 16));
  for (let at = 0; at < size; ) at += writeSync(fd, zeros, 0, Math.min(zeros.length, size - at), at);
}

function renameOver(from: string, to: string): void {
  for (let tries = 0; ; tries++) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      // On Windows a virus scanner or a reader may hold the old file open for a moment.
      if (process.platform !== 'win32' || tries === 20) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // the original failure is the one to report
  }
}
