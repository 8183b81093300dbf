import { ccacheName } from '../../ccache/ccache.ts';
import { type Credential, isExpired } from '../../messages/credential.ts';
import { formatPrincipal, samePrincipal } from '../../messages/principal.ts';
import { leadingTicket, ticketsOf } from '../cache/json.ts';
import { kdcTime, type Look, type SeenCache } from './look.ts';
import { left, ticketText } from './text.ts';

/** Remaining seconds at which to report how long a ticket is still valid. */
const MILESTONES = [86_400, 43_200, 21_600, 10_800, 7200, 3600, 1800, 900, 600, 300, 120, 60, 30, 10];

/** Describes the changes between two looks at the caches, in words. */
export function changesBetween(before: Look, after: Look): readonly string[] {
  const gone = before.caches
    .filter(old => seenIn(after, old) === undefined)
    .map(({ cache }) => `${ccacheName(cache)} is gone`);
  const changes = after.caches.flatMap(seen => {
    const old = seenIn(before, seen);
    const now = kdcTime(seen.contents, after.now);
    if (old === undefined) return [`${titleOf(seen)} is there, ${leftOf(seen, now)}`];
    const about = cacheChanges({ old, seen }, { before: kdcTime(old.contents, before.now), now });
    return about.map(change => `${titleOf(seen)}: ${change}`);
  });
  return [...gone, ...changes];
}

function seenIn({ caches }: Look, { cache }: SeenCache): SeenCache | undefined {
  return caches.find(other => ccacheName(other.cache) === ccacheName(cache));
}

function titleOf({ cache, contents }: SeenCache): string {
  return `${ccacheName(cache)} of ${formatPrincipal(contents.principal)}`;
}

function leftOf({ contents }: SeenCache, now: Date): string {
  const leading = leadingTicket(contents);
  return leading === undefined ? 'without tickets' : left(leading.endtime, now);
}

interface Times {
  readonly before: Date;
  readonly now: Date;
}

function cacheChanges(
  { old, seen }: { readonly old: SeenCache; readonly seen: SeenCache },
  { before, now }: Times,
): readonly string[] {
  if (!samePrincipal(old.contents.principal, seen.contents.principal))
    return [`now that of another principal, ${leftOf(seen, now)}`];
  const tickets = ticketsOf(seen.contents);
  const former = ticketsOf(old.contents);
  const gone = former.filter(ticket => !tickets.some(other => isForSame(ticket, other)));
  const leading = leadingTicket(seen.contents);
  return [
    ...gone.map(({ server }) => `the ticket for ${formatPrincipal(server)} is gone`),
    ...tickets.flatMap(ticket => {
      const earlier = former.filter(other => isForSame(ticket, other));
      if (earlier.length === 0) return [`new ticket for ${ticketText(ticket, now)}`];
      if (!earlier.some(other => other.endtime.getTime() === ticket.endtime.getTime()))
        return [`another ticket for ${ticketText(ticket, now)}`];
      if (isExpired(ticket, now)) {
        return isExpired(ticket, before)
          ? []
          : [`the ticket for ${formatPrincipal(ticket.server)} has expired`];
      }
      // The clock was set back meanwhile.
      if (isExpired(ticket, before)) {
        return [
          `the ticket for ${formatPrincipal(ticket.server)} is good again, ${left(ticket.endtime, now)}`,
        ];
      }
      return ticket === leading && passesMilestone(ticket, { before, now })
        ? [left(ticket.endtime, now)]
        : [];
    }),
  ];
}

function isForSame(a: Credential, b: Credential): boolean {
  return samePrincipal(a.server, b.server) && samePrincipal(a.client, b.client) && a.isSkey === b.isSkey;
}

function passesMilestone({ endtime }: Credential, { before, now }: Times): boolean {
  const secondsAt = (time: Date): number => (endtime.getTime() - time.getTime()) / 1000;
  return MILESTONES.some(seconds => secondsAt(before) > seconds && secondsAt(now) <= seconds);
}
