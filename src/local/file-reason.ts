import { errnoOf } from '../errno.ts';

const reasons: Readonly<Record<string, string>> = {
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

/** Why a call on a file failed, in a few words. */
export function fileReason(error: unknown): string {
  const code = errnoOf(error) ?? 'unknown error';
  return reasons[code] ?? code;
}
