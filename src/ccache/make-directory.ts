import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../errno.ts';

/**
 * Makes a directory, mode 0700, and missing ones above it. Throws the system's error. Node's recursive mkdir never ends
 * below a directory in which nothing can be made, such as /proc or one that has been removed.
 */
export function makeDirectory(path: string): void {
  if (attempt(path) === undefined) return;
  const parent = dirname(path);
  if (parent !== path && !isDirectory(parent)) makeDirectory(parent);
  // If the parent is there, another process may have made it only now.
  const failure = attempt(path);
  if (failure !== undefined) throw failure;
}

/** Makes a directory if its parent exists; returns the error if something above it is missing, and throws others. */
function attempt(path: string): unknown {
  try {
    mkdirSync(path, { mode: 0o700 });
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return error;
    if (code === 'EEXIST' && isDirectory(path)) return undefined;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
