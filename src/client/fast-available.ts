import type { CacheContents } from '../ccache/ccache.ts';
import { configEntry, findConfig } from '../ccache/config-entries.ts';
import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';

const FAST_AVAIL = 'fast_avail';

/**
 * Whether a cache records, for a ticket-granting service, that its KDC has offered FAST in a part of the reply that
 * cannot be forged.
 */
export function doesFast(contents: CacheContents, tgs: Principal): boolean {
  return findConfig(contents, FAST_AVAIL, tgs) !== undefined;
}

/** The cache entry that records it, in MIT's form. */
export function fastNote(client: Principal, tgs: Principal): Credential {
  return configEntry(client, FAST_AVAIL, tgs, 'yes');
}
