import {
  chmodSync,
  chownSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { makeDirectory } from '../../ccache/make-directory.ts';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';

/** More than a shell's start-up file or a unit of a service manager ever has. */
const MAX_BYTES = 1 << 20;
/** Linux's own limit. */
const MAX_LINKS = 40;

/** The bytes of a file; undefined if it does not exist. Throws KerberosError CONFIG_UNREADABLE. */
export function readUserFile(path: string): Uint8Array | undefined {
  const found = stat(path);
  if (found === undefined) return undefined;
  if (!found.isFile()) throw failed('read', path, 'it is not a regular file');
  if (found.size > MAX_BYTES) throw failed('read', path, 'it is too long');
  try {
    return readFileSync(path);
  } catch (error) {
    throw failure('read', path, error);
  }
}

/**
 * Replaces a file's bytes at once, or makes the file, with that mode and the directories it lacks. Its mode and its owner stay, and a symbolic link
 * stays one: what it leads to is replaced. Throws KerberosError CONFIG_UNREADABLE, also for a file that is read-only.
 */
export function writeUserFile(path: string, bytes: Uint8Array, mode: number): void {
  const before = stat(path);
  if (before !== undefined) checkWritable(before, path);
  let temporary: string | undefined;
  try {
    makeDirectory(dirname(path));
    const target = targetOf(path);
    const fresh = `${target}.${Math.random().toString(36).slice(2, 10)}`;
    writeFileSync(fresh, bytes, { flag: 'wx', mode: 0o600, flush: true });
    temporary = fresh;
    const made = statSync(fresh);
    if (before !== undefined && (before.uid !== made.uid || before.gid !== made.gid)) {
      chownSync(fresh, before.uid, before.gid);
    }
    chmodSync(fresh, before === undefined ? mode : before.mode & 0o7777);
    renameSync(fresh, target);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw failure('change', path, error);
  }
}

/** Removes a file; a symbolic link that led to it stays. Throws KerberosError CONFIG_UNREADABLE. */
export function removeUserFile(path: string): void {
  const before = stat(path);
  if (before !== undefined) checkWritable(before, path);
  try {
    rmSync(targetOf(path), { force: true });
  } catch (error) {
    throw failure('remove', path, error);
  }
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw failure('read', path, error);
  }
}

/** Replacing a file does not need permission to write to it, but a read-only file is meant to stay as it is. */
function checkWritable({ mode }: Stats, path: string): void {
  if ((mode & 0o200) === 0) throw failed('change', path, 'it is read-only');
}

/** The target of symbolic links, whether it exists or not. */
function targetOf(path: string): string {
  let target = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    target = join(realpathSync(dirname(target)), basename(target));
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  throw failed('follow', path, 'too many links');
}

function failure(verb: string, path: string, error: unknown): KerberosError {
  return error instanceof KerberosError ? error : failed(verb, path, systemReason(error));
}

function failed(verb: string, path: string, reason: string): KerberosError {
  return new KerberosError('CONFIG_UNREADABLE', `Cannot ${verb} ${path}: ${reason}`);
}
