import type { CacheContents } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { isExpired } from '../../messages/credential.ts';
import { samePrincipal, tgsPrincipal } from '../../messages/principal.ts';

/**
 * Whether a cache is of use at `now`: it holds a ticket-granting ticket of its principal's own realm that has not
 * expired or, where it holds no such ticket at all, any other that has not.
 */
export function isCurrent({ principal, credentials }: CacheContents, now: Date): boolean {
  const localTgs = tgsPrincipal(principal.realm);
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  const tgts = tickets.filter(({ server }) => samePrincipal(server, localTgs));
  return (tgts.length > 0 ? tgts : tickets).some(ticket => !isExpired(ticket, now));
}
