import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { printable } from '../../codec/text.ts';
import { errnoOf, systemReason } from '../../errno.ts';
import type { JobWords } from '../job.ts';
import type { Io } from '../terminal.ts';

interface PidFileOptions {
  /** Our own name, for messages. */
  readonly program: string;
  readonly words?: Pick<JobWords, 'pidFile'> | undefined;
  readonly io: Io;
}

const NO_PID_FILE = 'KRB5KIT_NO_PID_FILE';

/**
 * Writes the number of a process to a file, unless the file holds anything but such a number; failures are reported.
 * The returned function removes the file, unless another process has taken it over in the meantime.
 */
export function writePidFile(
  path: string | undefined,
  pid: number,
  { program, words, io }: PidFileOptions,
): () => void {
  if (path === undefined) return () => undefined;
  const line = `${pid}\n`;
  try {
    withFile(path, constants.O_RDWR | constants.O_CREAT, fd => {
      if (!/^\s*\d*\s*$/.test(contentOf(fd)))
        throw Object.assign(new Error('no number'), { code: NO_PID_FILE });
      ftruncateSync(fd);
      writeSync(fd, line, 0);
    });
  } catch (error) {
    io.err(
      `${printable(`${program}: ${words?.pidFile ?? 'Cannot write'} ${path}: ${pidFileReason(error)}`)}\n`,
    );
    return () => undefined;
  }
  return () => {
    try {
      if (withFile(path, constants.O_RDONLY, contentOf) === line) rmSync(path);
    } catch {
      // It has been removed already.
    }
  };
}

/**
 * Opens without following a link, which anybody could create in a directory that others may write to, and without
 * waiting for another end of a FIFO, since a signal could not end that wait.
 */
function withFile<T>(path: string, flags: number, work: (fd: number) => T): T {
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o666);
  try {
    if (!fstatSync(fd).isFile()) throw Object.assign(new Error('no file'), { code: 'ENXIO' });
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

function contentOf(fd: number): string {
  const bytes = Buffer.alloc(64);
  return bytes.toString('latin1', 0, readSync(fd, bytes));
}

function pidFileReason(error: unknown): string {
  const code = errnoOf(error);
  if (code === 'ELOOP') return 'It is a symbolic link';
  if (code === NO_PID_FILE) return 'It holds something other than the number of a process';
  return code === 'ENXIO' ? 'It is no file' : systemReason(error);
}
