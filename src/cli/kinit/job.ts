import { type CacheContents, ccacheName } from '../../ccache/ccache.ts';
import type { Secret } from '../../client/secret.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { principalOf } from '../../local/session.ts';
import { formatPrincipal, type Principal, tgsPrincipal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { maskSecrets } from '../job/masks.ts';
import { namesSecret, readJobSecret, ticketsFor, withOwner } from '../job/secrets.ts';
import { wholeDuration } from '../kdc/readers.ts';
import { lasts, type Supplied, supplyTickets } from '../lasting-tickets.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import type { Target } from './cache.ts';

/** How kinit works for a job: the source of the secret, and how long tickets must last. */
export interface KinitJob {
  /** The arguments, with the owner of the keys or tickets as the principal if they name none. */
  readonly args: Arguments;
  readonly withKeytab: boolean;
  readonly secret: Secret | undefined;
  /** Returns existing tickets of a principal, to be used instead of new ones. */
  readonly given: ((principal: Principal) => CacheContents) | undefined;
  /** Seconds for which tickets must last; undefined to get new ones in any case. */
  readonly least: number | undefined;
}

/** Seconds, as with k5start. */
const USUAL_LEAST = 120;

/**
 * Reads the secret that the options name, and hides its source if asked to. Throws UsageError, and what `readJobSecret`
 * throws.
 */
export async function readKinitJob(args: Arguments, io: Io): Promise<KinitJob> {
  const least = readLeast(args);
  const secret = namesSecret(args) ? await readJobSecret(args, io) : undefined;
  if (secret === undefined) return { args, withKeytab: false, secret: undefined, given: undefined, least };
  const { tickets } = secret;
  if (tickets !== undefined && (args.has('R') || args.has('v') || least !== undefined)) {
    throw new UsageError(
      '-R, -v, --for and --min cannot be combined with a cache from a variable or descriptor',
    );
  }
  if (args.has('mask')) maskSecrets(secret.texts, { ...secret, program: 'kinit' }, io);
  return {
    args: withOwner(args, secret),
    withKeytab: secret.keytab !== undefined,
    secret: secret.secret,
    given: tickets && (principal => ticketsFor(principal, tickets)),
    least,
  };
}

function readLeast(args: Arguments): number | undefined {
  if (!args.has('for') && !args.has('min')) return undefined;
  const others = ['R', 'v', 's', 'S', 'n'].filter(letter => args.has(letter));
  if (others.length > 0) throw new UsageError(`--for and --min cannot be combined with -${others[0]}`);
  const text = args.value('min');
  const seconds = text === undefined ? USUAL_LEAST : wholeDuration(text);
  if (seconds === undefined) throw new UsageError(`Bad lifetime value ${text}`);
  return seconds;
}

interface Wanted {
  readonly target: Target;
  /** In seconds. */
  readonly least: number;
  readonly services: readonly string[];
  obtain(): Promise<CacheContents>;
  say(line: string): void;
}

/**
 * Ensures that there are tickets which last. Throws KerberosError TICKET_EXPIRED if the KDCs only issue tickets with a
 * shorter life; those are stored nevertheless.
 */
export async function getLasting(
  { target, least, services, obtain, say }: Wanted,
  session: Session,
): Promise<Supplied> {
  const { cache, principal } = target;
  const servers = await Promise.all(
    services.map(name => during(`parsing service name ${name}`, () => principalOf(name, session))),
  );
  const server = tgsPrincipal(principal.realm);
  const supply = { cache, server, services: servers, client: principal, renews: true, obtain };
  const supplied = await supplyTickets(supply, { least }, session);
  // These tickets, new or not, must be found in the default cache from now on.
  await target.makePrimary?.();
  say(`Tickets in ${ccacheName(cache)} last for ${shortest(supplied)} seconds`);
  for (const ticket of [supplied.first, ...supplied.others]) {
    if (lasts(ticket, least - 1, () => supplied.now)) continue;
    const seconds = secondsLeft(ticket.endtime, supplied.now);
    const name = formatPrincipal(ticket.server);
    throw new KerberosError(
      'TICKET_EXPIRED',
      `The KDC issues a ticket for ${name} that lasts only ${seconds} seconds`,
    );
  }
  return supplied;
}

function shortest({ first, others, now }: Supplied): number {
  return Math.min(...[first, ...others].map(({ endtime }) => secondsLeft(endtime, now)));
}

function secondsLeft(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / 1000);
}
