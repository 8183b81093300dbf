import { KRB_ERR_GENERIC } from '../messages/error-codes.ts';
import type { EncryptedData } from '../messages/types.ts';
import { ApError } from './ap-error.ts';

/** Remembers authenticators for as long as they could be used again (RFC 4120 §3.2.3). */
export interface ReplayCache {
  /**
   * Records the authenticator with this tag and `ctime`. Throws ApError KRB_AP_ERR_REPEAT if it is known, and
   * ReplayCacheError if the cache fails or is full; a cache outside this machine resolves, or rejects with the same
   * errors.
   */
  check(tag: Uint8Array, ctime: Date, now: Date): void | Promise<void>;
}

/** A refusal for which the client cannot be blamed: the replay cache fails or is full. */
export class ReplayCacheError extends ApError {
  override readonly name = 'ReplayCacheError';

  constructor(detail: string, options?: ErrorOptions) {
    super(KRB_ERR_GENERIC, detail, options);
  }
}

/** A replay cache on this machine, which answers synchronously. */
export interface LocalReplayCache extends ReplayCache {
  check(tag: Uint8Array, ctime: Date, now: Date): void;
}

/** The length of a tag in bytes; longer ones are cut. */
export const TAG_BYTES = 12;

/** How many bytes at the end of the ciphertext are unique to an authenticator: the length of the enctype's checksum. */
const CHECKSUM_BYTES: Readonly<Record<number, number>> = {
  17: 12,
  18: 12,
  19: 16,
  20: 24,
  23: 16,
  25: 16,
  26: 16,
};

/**
 * The tag under which the reference implementation's replay caches record an authenticator: the first bytes of its
 * checksum.
 */
export function authenticatorTag({ etype, cipher }: EncryptedData): Uint8Array {
  const start = Math.max(0, cipher.length - (CHECKSUM_BYTES[etype] ?? TAG_BYTES));
  return cipher.subarray(start, start + TAG_BYTES);
}
