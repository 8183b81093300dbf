import { truncateSync } from 'node:fs';

/** In characters: the log may be in memory. */
const LIMIT = 1 << 23;

/** Passes lines to `write`, which appends them to a file, and empties the file whenever it would exceed `limit`. */
export function boundedLog(
  path: string,
  write: (line: string) => void,
  limit: number = LIMIT,
): (line: string) => void {
  let length = 0;
  return line => {
    length += line.length + 1;
    if (length > limit) {
      length = line.length + 1;
      empty(path);
    }
    write(line);
  };
}

function empty(path: string): void {
  try {
    truncateSync(path);
  } catch {
    // If somebody has removed the file, the space is free as well.
  }
}
