import { bytesToText, textToBytes } from '../../codec/text.ts';
import { errnoOf } from '../../errno.ts';
import { CcacheError } from '../../errors.ts';
import { readRegularFile } from '../../keytab/read-file.ts';
import { writeAtomically } from '../atomic-write.ts';
import { join, PREFIX } from './path.ts';

/** How much of the file `primary` the native library reads, including the newline. */
const MAX_PRIMARY_BYTES = 63;
/** Far more than anybody writes into it. */
const MAX_PRIMARY_FILE = 1 << 16;

/**
 * The primary's file name; undefined if the file that contains it cannot be opened, and must be created. Throws
 * CcacheError CACHE_FORMAT or CACHE_IO for a file with an invalid name.
 */
export function primaryName(directory: string): string | undefined {
  const path = join(directory, 'primary');
  const bytes = readPrimary(path);
  if (bytes === undefined) return undefined;
  if (bytes.length === 0) throw ioError(directory);
  const [line = ''] = bytesToText(bytes).split('\n', 1);
  if (!line.startsWith(PREFIX) || !bytes.includes(0x0a) || /[/\\\0]/.test(line)) {
    throw new CcacheError('CACHE_FORMAT', `${path} contains invalid filename`, `DIR:${directory}`);
  }
  return line;
}

/** The beginning of the file `primary`. */
function readPrimary(path: string): Uint8Array | undefined {
  try {
    return readRegularFile(path, MAX_PRIMARY_FILE)?.subarray(0, MAX_PRIMARY_BYTES) ?? new Uint8Array(0);
  } catch (error) {
    if (errnoOf(error) === 'EISDIR') return new Uint8Array(0);
    return undefined;
  }
}

/** The same, but ignores an invalid file. */
export function primaryNameQuietly(directory: string): string | undefined {
  try {
    return primaryName(directory);
  } catch {
    return undefined;
  }
}

/** Makes a member the primary one. Throws CcacheError CACHE_IO. */
export function writePrimary(directory: string, name: string): void {
  try {
    writeAtomically(join(directory, 'primary'), textToBytes(`${name}\n`));
  } catch (error) {
    throw ioError(directory, error);
  }
}

function ioError(directory: string, cause?: unknown): CcacheError {
  const sentence = 'Credentials cache I/O operation failed';
  return new CcacheError('CACHE_IO', sentence, `DIR:${directory}`, { cause });
}
