import { errnoOf } from '../../errno.ts';
import { CcacheError, type ErrorCode } from '../../errors.ts';

/** The meaning of a failed call on a cache's file to a user. */
export function fileError(error: unknown, path: string): CcacheError {
  if (error instanceof CcacheError) return error;
  const [code, sentence] = meaning(errnoOf(error));
  return cacheError(code, sentence, path, { cause: error });
}

/** A message about a cache file, which ends with its name. */
export function cacheError(
  code: ErrorCode,
  sentence: string,
  path: string,
  options?: ErrorOptions,
): CcacheError {
  return new CcacheError(code, `${sentence} (filename: ${path})`, `FILE:${path}`, options);
}

/** The error for a file that is not a cache, or is damaged. */
export function badFormat(path: string, cause?: unknown): CcacheError {
  return cacheError('CACHE_FORMAT', 'Bad format in credentials cache', path, { cause });
}

function meaning(errno: string | undefined): [ErrorCode, string] {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return ['CACHE_NOT_FOUND', 'No credentials cache found'];
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EISDIR':
      return ['CACHE_IO', 'Credentials cache permissions incorrect'];
    case 'ENOSPC':
    case 'EDQUOT':
      return ['CACHE_IO', 'No space left for the credentials cache'];
    default:
      return ['CACHE_IO', 'Credentials cache I/O operation failed'];
  }
}
