import type { CacheContents } from '../ccache/ccache.ts';
import { configEntry, findConfig } from '../ccache/config-entries.ts';
import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';

const FAST_AVAIL = 'fast_avail';

/** Whether a cache notes of a ticket-granting service that its KDC, in a part that cannot be forged, offered FAST. */
export function doesFast(contents: CacheContents, tgs: Principal): boolean {
  return findConfig(contents, FAST_AVAIL, tgs) !== undefined;
}

/** The note of that, in MIT's form. */
export function fastNote(client: Principal, tgs: Principal): Credential {
  return configEntry(client, FAST_AVAIL, tgs, 'yes');
}
