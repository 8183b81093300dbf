import { constants, fstatSync, readFileSync } from 'node:fs';
import { KerberosError } from '../../errors.ts';
import { UsageError } from '../command.ts';
import { readSome } from '../terminal/input.ts';

/** Parses the number of a descriptor. Throws UsageError for anything else. */
export function descriptorNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`'${text}' is not a file descriptor`);
  return Number(text);
}

/** Node's own descriptors are below this; it opens them at the start, with the lowest free numbers. */
const OWN_FDS = 64;
const ACCESS_MODE = 3;

/**
 * Whether a descriptor is one of Node's own, which never ends: a pipe that we could write to ourselves, or one that was
 * never opened. This is what a user who forgets a redirection names.
 */
export function isNodesOwn(fd: number): boolean {
  if (isNameless(fd)) return true;
  const pipe = pipeOf(fd);
  if (pipe === undefined) return false;
  for (let other = 0; other < OWN_FDS; other++) {
    if (other !== fd && pipeOf(other) === pipe && isForWriting(other)) return true;
  }
  return false;
}

/** For example the one for waiting for events. */
export function isNameless(fd: number): boolean {
  try {
    return (fstatSync(fd).mode & constants.S_IFMT) === 0;
  } catch {
    return false;
  }
}

export function pipeOf(fd: number): string | undefined {
  try {
    const found = fstatSync(fd);
    return found.isFIFO() ? `${found.dev}:${found.ino}` : undefined;
  } catch {
    return undefined;
  }
}

/** Known on Linux only. */
function isForWriting(fd: number): boolean {
  try {
    const [, flags] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))!;
    return (Number.parseInt(flags!, 8) & ACCESS_MODE) !== 0;
  } catch {
    return false;
  }
}

/**
 * Everything up to the end of a file or pipe. Throws the system's error, with its code, and KerberosError INPUT_TOO_LONG
 * for more than `limit` bytes.
 */
export async function readDescriptor(fd: number, limit: number): Promise<Buffer> {
  if (isNodesOwn(fd)) throw Object.assign(new Error('not open'), { code: 'EBADF' });
  const pieces: Buffer[] = [];
  for (let length = 0; length <= limit; ) {
    const piece = Buffer.allocUnsafe(1 << 16);
    const count = await readSome(fd, piece);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(piece.subarray(0, count));
    length += count;
  }
  throw new KerberosError('INPUT_TOO_LONG', `Descriptor ${fd} contains more than ${limit} bytes`);
}
