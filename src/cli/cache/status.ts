import type { CacheContents } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { isExpired } from '../../messages/credential.ts';
import { samePrincipal, tgsPrincipal } from '../../messages/principal.ts';

/**
 * Whether a cache is usable at `now`: it holds an unexpired ticket-granting ticket for its principal's own realm or, if
 * it holds none for that realm, any other unexpired ticket.
 */
export function isCurrent({ principal, credentials }: CacheContents, now: Date): boolean {
  const localTgs = tgsPrincipal(principal.realm);
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  const tgts = tickets.filter(({ server }) => samePrincipal(server, localTgs));
  return (tgts.length > 0 ? tgts : tickets).some(ticket => !isExpired(ticket, now));
}
