import { truncateSync } from 'node:fs';

/** In characters: where the log lies may be memory. */
const LIMIT = 1 << 23;

/** Passes lines on to `write`, which adds them to a file, and empties the file whenever it would grow beyond `limit`. */
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
    // Whoever has removed it has freed as much.
  }
}
