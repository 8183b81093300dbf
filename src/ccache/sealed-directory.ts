import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { CcacheError } from '../errors.ts';

/** Why nothing can be sealed in a data directory, without a capital; undefined where it can be, or can be made. */
export function whyUnwritable(dataDirectory: string): string | undefined {
  for (let directory = dataDirectory; ; directory = dirname(directory)) {
    try {
      // With a dot after it, a file in its place is told from a directory.
      accessSync(`${directory}/.`, constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!absent || dirname(directory) === directory) return reasonOf(error, dataDirectory);
    }
  }
}

/** Makes the data directory, mode 0700, if it is not there. Throws CcacheError CACHE_IO unless it can be written to. */
export function makeWritable(dataDirectory: string): void {
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(reasonOf(error, dataDirectory), error);
  }
  checkWritable(dataDirectory);
}

/** Throws CcacheError CACHE_IO where nothing can be sealed; makes nothing. */
export function checkWritable(dataDirectory: string): void {
  const reason = whyUnwritable(dataDirectory);
  if (reason !== undefined) throw unwritable(reason);
}

/** `cannot write to PATH: permission denied`, the words from the system's own, which name the path of one step. */
function reasonOf(error: unknown, dataDirectory: string): string {
  const { message } = error as Error;
  return `cannot write to ${dataDirectory}: ${/^[A-Z0-9]+: (.+), \w+ '/.exec(message)?.[1] ?? message}`;
}

function unwritable(reason: string, cause?: unknown): CcacheError {
  return new CcacheError('CACHE_IO', `Tickets cannot be sealed: ${reason}`, 'KEYCHAIN:', { cause });
}
