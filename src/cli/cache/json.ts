import { type CacheContents, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { configKey, configPrincipal, isConfigEntry } from '../../ccache/config-entries.ts';
import { bytesToHex, bytesToText } from '../../codec/text.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal, samePrincipal, tgsPrincipal } from '../../messages/principal.ts';
import { secondsUntil, ticketJson } from '../ticket-json.ts';
import { isCurrent } from './status.ts';

/** A cache in JSON, as in a list of caches. */
export function cacheSummaryJson(cache: Ccache, contents: CacheContents, now: Date): object {
  const leading = leadingTicket(contents);
  const endtime = leading?.endtime;
  const renewTill = leading?.renewTill;
  return {
    cache: ccacheName(cache),
    principal: formatPrincipal(contents.principal),
    expired: !isCurrent(contents, now),
    endtime: endtime ?? null,
    secondsLeft: endtime === undefined ? 0 : secondsUntil(endtime, now),
    renewTill: renewTill ?? null,
    renewSecondsLeft: renewTill === undefined ? null : secondsUntil(renewTill, now),
    ticketCount: ticketsOf(contents).length,
  };
}

/** Adds details about a ticket that the cache does not contain. */
export type MoreOfTicket = (credential: Credential) => object;

/** A cache in JSON with all its contents except keys. */
export async function cacheJson(
  cache: Ccache,
  contents: CacheContents,
  { now, more }: { readonly now: Date; readonly more?: MoreOfTicket | undefined },
): Promise<object> {
  const { kdcOffset, truncated, credentials } = contents;
  const tickets = ticketsOf(contents).map(async ticket => ({
    ...(await ticketJson(ticket, now)),
    ...more?.(ticket),
  }));
  return {
    ...cacheSummaryJson(cache, contents, now),
    // Milliseconds elsewhere.
    kdcOffset: kdcOffset === undefined ? null : kdcOffset / 1000,
    truncated: truncated === true,
    tickets: await Promise.all(tickets),
    config: credentials.filter(isConfigEntry).map(configJson),
  };
}

/** The tickets of a cache, without configuration entries. */
export function ticketsOf({ credentials }: Pick<CacheContents, 'credentials'>): readonly Credential[] {
  return credentials.filter(credential => !isConfigEntry(credential));
}

/**
 * The ticket that determines how long a cache is usable: the last to expire of the ticket-granting tickets for the
 * principal's realm, or of all tickets if there is none.
 */
export function leadingTicket(contents: CacheContents): Credential | undefined {
  const tickets = ticketsOf(contents);
  const local = tgsPrincipal(contents.principal.realm);
  const tgts = tickets.filter(({ server }) => samePrincipal(server, local));
  const leading = tgts.length > 0 ? tgts : tickets;
  return [...leading].sort((a, b) => b.endtime.getTime() - a.endtime.getTime())[0];
}

function configJson(entry: Credential): object {
  return {
    key: configKey(entry) ?? '',
    principal: configPrincipal(entry) ?? null,
    value: bytesToText(entry.ticket),
    hex: bytesToHex(entry.ticket),
  };
}
