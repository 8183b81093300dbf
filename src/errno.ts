import { getSystemErrorMap } from 'node:util';

/** The `code` of an error of Node or the operating system, such as ENOENT; undefined for errors without one. */
export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** The words of the C library, where Node has others. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EEXIST: 'File exists',
  EROFS: 'Read-only file system',
  ENOSPC: 'No space left on device',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  EMFILE: 'Too many open files',
  EIO: 'Input/output error',
  ENAMETOOLONG: 'File name too long',
  ENOEXEC: 'Exec format error',
};

/** Why the operating system has refused something, in a few words. */
export function systemReason(error: unknown): string {
  const code = errnoOf(error);
  if (code === undefined) return 'unknown error';
  const number = (error as NodeJS.ErrnoException).errno;
  const [, words] = (number !== undefined && getSystemErrorMap().get(number)) || [];
  return REASONS[code] ?? (words ? words.charAt(0).toUpperCase() + words.slice(1) : code);
}
