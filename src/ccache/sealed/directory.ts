import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../errno.ts';
import { CcacheError } from '../../errors.ts';
import { makeDirectory } from '../make-directory.ts';

/**
 * Why nothing can be sealed in a data directory, in lower case; undefined if it can, or if the directory can be
 * created.
 */
export function whyUnwritable(dataDirectory: string): string | undefined {
  for (let directory = dataDirectory; ; directory = dirname(directory)) {
    try {
      // The trailing dot makes this fail for a file in place of the directory.
      accessSync(`${directory}/.`, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      const absent = errnoOf(error) === 'ENOENT';
      if (!absent || dirname(directory) === directory) return reasonOf(error, dataDirectory);
    }
  }
}

/** Creates the data directory, mode 0700, if it does not exist. Throws CcacheError CACHE_IO unless it is writable. */
export function makeWritable(dataDirectory: string): void {
  try {
    makeDirectory(dataDirectory);
  } catch (error) {
    throw unwritable(reasonOf(error, dataDirectory), error);
  }
  checkWritable(dataDirectory);
}

/** Throws CcacheError CACHE_IO if nothing can be sealed; creates nothing. */
export function checkWritable(dataDirectory: string): void {
  const reason = whyUnwritable(dataDirectory);
  if (reason !== undefined) throw unwritable(reason);
}

/**
 * `cannot write to PATH: permission denied`, with the system's own words, but not with its path, which is only part of
 * ours.
 */
function reasonOf(error: unknown, dataDirectory: string): string {
  const { message } = error as Error;
  return `cannot write to ${dataDirectory}: ${/^[A-Z0-9]+: (.+), \w+ '/.exec(message)?.[1] ?? message}`;
}

function unwritable(reason: string, cause?: unknown): CcacheError {
  return new CcacheError('CACHE_IO', `Tickets cannot be sealed: ${reason}`, 'KEYCHAIN:', { cause });
}
