import { getSystemErrorMap } from 'node:util';
import { errnoOf } from '../errno.ts';

/** Why the operating system has refused something, in words where it has some. */
export function systemReason(error: unknown): string {
  const number = (error as NodeJS.ErrnoException | undefined)?.errno;
  const [, words] = (number !== undefined && getSystemErrorMap().get(number)) || [];
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : (errnoOf(error) ?? 'unknown error');
}
