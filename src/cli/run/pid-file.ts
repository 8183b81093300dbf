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
import { fileReason } from '../file-reason.ts';
import { printable } from '../sentences.ts';
import type { Io } from '../terminal.ts';

export interface PidFileOptions {
  /** Ours, for messages. */
  readonly program: string;
  readonly io: Io;
}

/**
 * Writes the number of a process to a file; what goes wrong is told. The function returned removes the file, unless
 * somebody else has made it his own meanwhile.
 */
export function writePidFile(
  path: string | undefined,
  pid: number,
  { program, io }: PidFileOptions,
): () => void {
  if (path === undefined) return () => undefined;
  const line = `${pid}\n`;
  try {
    withFile(path, constants.O_WRONLY | constants.O_CREAT, fd => {
      ftruncateSync(fd);
      writeSync(fd, line);
    });
  } catch (error) {
    io.err(`${printable(`${program}: Cannot write ${path}: ${pidFileReason(error)}`)}\n`);
    return () => undefined;
  }
  return () => {
    try {
      if (withFile(path, constants.O_RDONLY, contentOf) === line) rmSync(path);
    } catch {
      // Whoever has removed it already has done our work.
    }
  };
}

/**
 * Follows no link, which anybody may have put there where others may write, and waits for no reader or writer: a signal
 * could not end that wait.
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
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ELOOP') return 'It is a symbolic link';
  return code === 'ENXIO' ? 'It is no file' : fileReason(error);
}
