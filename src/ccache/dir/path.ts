import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { CcacheError } from '../../errors.ts';

/** The prefix of all members' file names, and the whole name of the first one. */
export const PREFIX = 'tkt';
/** Random characters at the end of a new member's name. */
const RANDOM_LENGTH = 6;

/** Where a member of a DIR collection is. */
export interface MemberPath {
  /** Empty if the path has no directory. */
  readonly directory: string;
  readonly name: string;
}

/** The parts of a member's path. Throws CcacheError CACHE_NAME for a path that no member can have. */
export function memberPath(path: string): MemberPath {
  const parts = splitPath(path);
  const fault =
    parts.directory === '' ? 'has no parent directory' : `filename does not begin with "${PREFIX}"`;
  if (isMemberPath(path)) return parts;
  throw new CcacheError('CACHE_NAME', `Subsidiary cache path ${path} ${fault}`, `DIR::${path}`);
}

/** Whether a path is possible for a member. */
export function isMemberPath(path: string): boolean {
  const { directory, name } = splitPath(path);
  return directory !== '' && name.startsWith(PREFIX);
}

function splitPath(path: string): MemberPath {
  const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf(sep));
  return { directory: at < 0 ? '' : path.slice(0, at) || sep, name: path.slice(at + 1) };
}

/** A path for a new member. */
export function freePath(directory: string): string {
  for (;;) {
    const random = Array.from({ length: RANDOM_LENGTH }, () => Math.floor(Math.random() * 36).toString(36));
    const path = join(directory, `${PREFIX}${random.join('')}`);
    if (!existsSync(path)) return path;
  }
}

/** The path of a file in the directory, composed as the native library does, so that names are identical. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') || directory.endsWith(sep) ? `${directory}${name}` : `${directory}/${name}`;
}
