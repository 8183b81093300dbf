import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { CcacheError } from '../errors.ts';

/** Every member's file name begins so, and the first one's is no longer. */
export const PREFIX = 'tkt';
/** Random characters at the end of a new member's name. */
const RANDOM_LENGTH = 6;

/** Where a member of a DIR collection lies. */
export interface MemberPath {
  /** Empty where the path names none. */
  readonly directory: string;
  readonly name: string;
}

/** The parts of a member's path. Throws CcacheError CACHE_NAME where a member cannot have such a path. */
export function memberPath(path: string): MemberPath {
  const parts = splitPath(path);
  const fault =
    parts.directory === '' ? 'has no parent directory' : `filename does not begin with "${PREFIX}"`;
  if (isMemberPath(path)) return parts;
  throw new CcacheError('CACHE_NAME', `Subsidiary cache path ${path} ${fault}`, `DIR::${path}`);
}

/** Whether a member can have such a path. */
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

/** The path of a file in the directory, put together as the native library does, so that names come out the same. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') || directory.endsWith(sep) ? `${directory}${name}` : `${directory}/${name}`;
}
