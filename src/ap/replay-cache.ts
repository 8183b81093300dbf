import type { EncryptedData } from '../messages/types.ts';

/** Remembers authenticators for as long as they could be used again (RFC 4120 §3.2.3). */
export interface ReplayCache {
  /**
   * Remembers the authenticator of `tag` and `ctime`. Throws ApError KRB_AP_ERR_REPEAT where it is known, another where
   * the cache cannot tell or cannot keep it; a cache that is not of this machine resolves, or rejects with the same.
   */
  check(tag: Uint8Array, ctime: Date, now: Date): void | Promise<void>;
}

/** A replay cache of this machine, which answers at once. */
export interface LocalReplayCache extends ReplayCache {
  check(tag: Uint8Array, ctime: Date, now: Date): void;
}

/** Bytes of a tag; longer ones are cut. */
export const TAG_BYTES = 12;

/** The bytes at the ciphertext's end that no two authenticators share: as many as a checksum of the enctype has. */
const CHECKSUM_BYTES: Readonly<Record<number, number>> = {
  17: 12,
  18: 12,
  19: 16,
  20: 24,
  23: 16,
  25: 16,
  26: 16,
};

/** What the reference implementation's replay caches know an authenticator by: the head of its checksum. */
export function authenticatorTag({ etype, cipher }: EncryptedData): Uint8Array {
  const start = Math.max(0, cipher.length - (CHECKSUM_BYTES[etype] ?? TAG_BYTES));
  return cipher.subarray(start, start + TAG_BYTES);
}
