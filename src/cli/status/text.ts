import { type CacheContents, ccacheName } from '../../ccache/ccache.ts';
import { printable } from '../../codec/text.ts';
import { type Credential, isExpired } from '../../messages/credential.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { leadingTicket, ticketsOf } from '../cache/json.ts';
import { durationInWords } from '../explain/clock.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { loadColours } from '../terminal/colour.ts';
import type { Io } from '../terminal.ts';
import { kdcTime, type Look, type SeenCache } from './look.ts';

/** A look at the caches in words: each line begins with its subject, so that a screen reader's user can follow it. */
export async function statusText({ caches, now }: Look, io: Io): Promise<string> {
  if (caches.length === 0) return 'No credential caches found\n';
  const { red } = await loadColours(io);
  const over = (line: string): string => (io.stdoutIsTerminal ? red(line) : line);
  return caches.map(seen => cacheText(seen, { now, io, over })).join('\n');
}

interface Manner {
  readonly now: Date;
  readonly io: Io;
  /** Formats a line about something that has expired. */
  over(line: string): string;
}

function cacheText({ cache, contents }: SeenCache, manner: Manner): string {
  const { io, over } = manner;
  const now = kdcTime(contents, manner.now);
  const at = (time: Date): string => formatTimestamp(time, userLocale(io.env));
  const leading = leadingTicket(contents);
  const next = nextToExpire(contents, now);
  const { renewTill } = leading ?? {};
  const lines = [
    `Cache: ${ccacheName(cache)}`,
    `Principal: ${formatPrincipal(contents.principal)}`,
    ...clockLines(contents),
    leading === undefined
      ? 'Tickets: none'
      : `Good until: ${at(leading.endtime)}, ${left(leading.endtime, now)}`,
    ...(renewTill === undefined ? [] : [`Renewable until: ${at(renewTill)}, ${left(renewTill, now)}`]),
    ...(next === undefined || next === leading
      ? []
      : [`Next to expire: ${formatPrincipal(next.server)}, ${left(next.endtime, now)}`]),
  ].map(line => printable(line));
  const tickets = ticketsOf(contents).map(ticket => {
    const line = printable(`Ticket: ${ticketText(ticket, now)}`);
    return isExpired(ticket, now) ? over(line) : line;
  });
  return [...lines, ...tickets].map(line => `${line}\n`).join('');
}

/** Differences below this, in milliseconds, do not make the times look wrong. */
const WORTH_TELLING_MS = 60_000;

function clockLines({ kdcOffset = 0 }: CacheContents): readonly string[] {
  const size = Math.abs(kdcOffset);
  if (size < WORTH_TELLING_MS) return [];
  const how = `${durationInWords(size)} ${kdcOffset > 0 ? 'behind' : 'ahead of'}`;
  return [`Clock: yours is ${how} the KDC's; the times left are by the KDC's`];
}

/** The server of a ticket, and how long it is valid. */
export function ticketText({ server, endtime }: Credential, now: Date): string {
  return `${formatPrincipal(server)}, ${left(endtime, now)}`;
}

/** `9 h 42 min left`, or `expired`. */
export function left(time: Date, now: Date): string {
  const milliseconds = time.getTime() - now.getTime();
  return milliseconds <= 0 ? 'expired' : `${durationInWords(Math.max(milliseconds, 1000))} left`;
}

/** The unexpired ticket that expires first. */
export function nextToExpire(contents: CacheContents, now: Date): Credential | undefined {
  return ticketsOf(contents)
    .filter(ticket => !isExpired(ticket, now))
    .sort((a, b) => a.endtime.getTime() - b.endtime.getTime())[0];
}
