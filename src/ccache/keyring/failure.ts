import { CcacheError } from '../../errors.ts';

/** The exit status of shells for a program that does not exist. */
const NOT_FOUND = 127;

/** A failed operation of keyctl. */
export class KeyctlFailure extends CcacheError {
  /** The kernel's message, such as `Key has expired`; empty if keyctl could not be run. */
  readonly reason: string;

  constructor(sentence: string, reason = '', options?: ErrorOptions) {
    super('CACHE_IO', sentence, 'KEYRING:', options);
    this.reason = reason;
  }
}

/** The failure of a keyctl that ended with `status` and printed `output`; `what` is the operation. */
export function keyctlFailure(status: number, output: string, what: string): KeyctlFailure {
  if (status === NOT_FOUND) return noKeyctl();
  // keyctl's own name of the system call comes first.
  const [, reason = ''] = /(?:^|: )([^:\n]{1,80})\s*$/.exec(output) ?? [];
  return new KeyctlFailure(SENTENCES[reason] ?? `keyctl failed to ${what}: ${reason || status}`, reason);
}

export function noKeyctl(cause?: unknown): KeyctlFailure {
  const sentence = 'KEYRING caches need the program keyctl, which is not installed (package keyutils)';
  return new KeyctlFailure(sentence, '', { cause });
}

/** Whether the key, or the link to it, does not exist or has gone. */
export function isGone(error: unknown): boolean {
  return error instanceof KeyctlFailure && GONE.includes(error.reason);
}

/** Whether the key belongs to somebody else. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KeyctlFailure && FORBIDDEN.includes(error.reason);
}

/** Whether the kernel does not support the operation. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof KeyctlFailure && UNSUPPORTED.includes(error.reason);
}

/** Whether the user's quota of keys is exhausted. */
export function isOverQuota(error: unknown): boolean {
  return error instanceof KeyctlFailure && OVER_QUOTA.includes(error.reason);
}

const GONE = [
  'Required key not available',
  'Key has expired',
  'Key has been revoked',
  'No such file or directory',
];
const OVER_QUOTA = ['Disk quota exceeded', 'Quota exceeded'];
const FORBIDDEN = ['Permission denied', 'Operation not permitted'];
const UNSUPPORTED = ['No such device', 'Operation not supported', 'Not supported', 'Invalid argument'];

/** The messages of glibc and musl. */
const SENTENCES: Readonly<Record<string, string>> = {
  'Permission denied': 'Credentials cache permissions incorrect',
  'Operation not permitted': 'The keyrings of the kernel may not be used here',
  'Function not implemented': 'The kernel has no keyrings',
  'Disk quota exceeded': "No space left for the credentials cache in the user's share of the kernel's keys",
  'Quota exceeded': "No space left for the credentials cache in the user's share of the kernel's keys",
};
