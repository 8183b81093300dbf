import { CcacheError } from '../errors.ts';

/** The exit status by which shells tell that there is no such program. */
const NOT_FOUND = 127;

/** What keyctl could not do. */
export class KeyctlFailure extends CcacheError {
  /** The kernel's word for it, such as `Key has expired`; empty where keyctl could not be asked. */
  readonly reason: string;

  constructor(sentence: string, reason = '', options?: ErrorOptions) {
    super('CACHE_IO', sentence, 'KEYRING:', options);
    this.reason = reason;
  }
}

/** keyctl ended with `status` and the words `output`; `what` it was to do. */
export function keyctlFailure(status: number, output: string, what: string): KeyctlFailure {
  if (status === NOT_FOUND) return noKeyctl();
  // Its own name of the system call comes first.
  const [, reason = ''] = /(?:^|: )([^:\n]{1,80})\s*$/.exec(output) ?? [];
  return new KeyctlFailure(SENTENCES[reason] ?? `keyctl failed to ${what}: ${reason || status}`, reason);
}

export function noKeyctl(cause?: unknown): KeyctlFailure {
  const sentence = 'KEYRING caches need the program keyctl, which is not installed (package keyutils)';
  return new KeyctlFailure(sentence, '', { cause });
}

/** Whether there is no such key, or no longer; or no such link to it. */
export function isGone(error: unknown): boolean {
  return error instanceof KeyctlFailure && GONE.includes(error.reason);
}

/** Whether the key is somebody else's. */
export function isForbidden(error: unknown): boolean {
  return error instanceof KeyctlFailure && FORBIDDEN.includes(error.reason);
}

/** Whether the kernel does not have what it was asked for. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof KeyctlFailure && UNSUPPORTED.includes(error.reason);
}

/** Whether the user has as many keys as may be. */
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

/** In the words of glibc and musl. */
const SENTENCES: Readonly<Record<string, string>> = {
  'Permission denied': 'Credentials cache permissions incorrect',
  'Operation not permitted': 'The keyrings of the kernel may not be used here',
  'Function not implemented': 'The kernel has no keyrings',
  'Disk quota exceeded': "No space left for the credentials cache in the user's share of the kernel's keys",
  'Quota exceeded': "No space left for the credentials cache in the user's share of the kernel's keys",
};
