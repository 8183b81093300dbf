import { type CacheContents, type Ccache, ccacheName } from '../ccache/ccache.ts';
import { isConfigEntry, startRealmEntries } from '../ccache/config-entries.ts';
import { memoryType } from '../ccache/memory.ts';
import { doesFast } from '../client/fast-available.ts';
import { notFound } from '../client/not-found.ts';
import { shifted } from '../client/options.ts';
import { findCredential } from '../client/service.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import { CcacheError, KerberosError } from '../errors.ts';
import { during } from '../local/activity.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { type Credential, isExpired, startOf } from '../messages/credential.ts';
import { RENEWABLE } from '../messages/flags.ts';
import { type Principal, samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import { serviceTicket } from './service-ticket.ts';
import type { Session } from './session.ts';

/** The tickets that a cache is to hold, and where they come from. */
export interface Supply {
  readonly cache: Ccache;
  /** The service of the first ticket; if not given, the ticket-granting service of the cache's owner. */
  readonly server: Principal | undefined;
  /** Further services for which tickets are wanted. */
  readonly services: readonly Principal[];
  /** The principal of the cache; undefined if any will do. */
  readonly client: Principal | undefined;
  /** Called before an attempt to renew the tickets in the cache, with their owner. */
  renewing?(client: Principal): void;
  /** Whether a renewable ticket is renewed rather than replaced by a new one. */
  readonly renews: boolean;
  /** Gets a new first ticket; undefined if only the one in the cache can be used. */
  readonly obtain: (() => Promise<CacheContents>) | undefined;
}

/** How long tickets shall last. */
export interface LastingOptions {
  /** The minimum number of seconds for which each ticket must still last. */
  readonly least: number;
  /** Whether to replace all tickets, even those that last. */
  readonly anew?: boolean;
}

/** The tickets afterwards. */
export interface Supplied {
  /** The first ticket. */
  readonly first: Credential;
  /** The others, in the order of the services. */
  readonly others: readonly Credential[];
  /** The KDC's time. */
  readonly now: Date;
}

/**
 * Ensures that a cache holds tickets that last. If they do, no KDC is asked; otherwise the first one is renewed or
 * requested again, then the others, and they replace the old ones in the cache. Throws what the exchanges throw, and
 * CcacheError.
 */
export async function supplyTickets(
  supply: Supply,
  options: LastingOptions,
  session: Session,
): Promise<Supplied> {
  const had = await contentsOf(supply);
  const old = had && findFirst(had, supply, session);
  const fresh =
    old !== undefined && !options.anew && lasts(old, options.least, clockOf(had!, session))
      ? undefined
      : await freshContents(supply, { had, old, least: options.anew ? 0 : options.least }, session);
  const contents = fresh === undefined ? had! : merged(fresh, had, clockOf(fresh, session));
  const first = findFirst(contents, supply, session);
  if (first === undefined) throw notFound(supply.cache);
  const gained = await otherTickets(contents, supply.services, options, session);
  await keep(supply.cache, { had, fresh, contents, gained: gained.added }, session);
  return { first, others: gained.tickets, now: clockOf(contents, session)() };
}

/** Whether a ticket lasts for that many more seconds. */
export function lasts({ endtime }: Credential, seconds: number, now: () => Date): boolean {
  return endtime.getTime() - now().getTime() >= seconds * 1000;
}

/** Whether renewing a ticket could make it last longer. */
export function isRenewable({ flags, renewTill, endtime }: Credential, now: Date): boolean {
  return (flags & RENEWABLE) !== 0 && renewTill !== undefined && now < endtime && endtime < renewTill;
}

async function contentsOf({ cache, client }: Supply): Promise<CacheContents | undefined> {
  try {
    const contents = await cache.load();
    const ours = client === undefined || samePrincipal(contents.principal, client);
    return ours ? contents : undefined;
  } catch (error) {
    // A broken cache is replaced if there is something to replace it with.
    if (error instanceof CcacheError && error.cache !== undefined && !error.code.startsWith('KEYCHAIN_')) {
      return undefined;
    }
    throw error;
  }
}

function findFirst(contents: CacheContents, supply: Supply, { config, io }: Session): Credential | undefined {
  const server = supply.server ?? tgsPrincipal(contents.principal.realm);
  return findCredential(contents, server, { now: () => io.now(), clockskew: config.libdefaults.clockskew });
}

/** The KDC's clock, as far as the cache knows it. */
function clockOf({ kdcOffset = 0 }: CacheContents, { io }: Session): () => Date {
  return () => shifted(() => io.now(), kdcOffset);
}

interface Old {
  readonly had: CacheContents | undefined;
  /** Its first ticket, if it is valid. */
  readonly old: Credential | undefined;
  /** Seconds that a renewed ticket must live to be worth it. */
  readonly least: number;
}

async function freshContents(supply: Supply, { had, old, least }: Old, session: Session) {
  const { obtain, renews, cache } = supply;
  if (had !== undefined && old !== undefined && (renews || obtain === undefined)) {
    const now = clockOf(had, session)();
    supply.renewing?.(had.principal);
    const worthIt = obtain === undefined || worthRenewing(old, least, now);
    if (worthIt && isRenewable(old, now)) {
      try {
        return await renewed(had, old, session);
      } catch (error) {
        if (obtain === undefined || !(error instanceof KerberosError)) throw error;
      }
    }
  }
  if (obtain !== undefined) return obtain();
  if (had === undefined) {
    // The reason why there is nothing.
    await during(`reading tickets of ${ccacheName(cache)}`, () => cache.load());
    throw notFound(cache);
  }
  if (old === undefined) throw new KerberosError('TICKET_EXPIRED', 'Ticket expired');
  const reason = (old.flags & RENEWABLE) === 0 ? 'is not renewable' : 'cannot be renewed for any longer';
  throw new KerberosError('TICKET_EXPIRED', `The ticket in ${ccacheName(cache)} ${reason}`);
}

/** Near the end of its renewable life, a new ticket lasts longer than a renewed one. */
function worthRenewing(old: Credential, least: number, now: Date): boolean {
  const life = old.endtime.getTime() - startOf(old).getTime();
  const gained = Math.min(life, (old.renewTill ?? old.endtime).getTime() - now.getTime());
  return gained >= Math.max(life / 2, least * 1000);
}

async function renewed(had: CacheContents, old: Credential, session: Session): Promise<CacheContents> {
  const { renewCredential } = await import('../client/renew.ts');
  const options = exchangeOptions(session, defaultTgsEnctypes(session.config));
  const { kdcOffset, principal } = had;
  const ticket = await renewCredential(old, { ...options, kdcOffset, fast: doesFast(had, old.server) });
  return { principal, credentials: [...startRealmEntries(ticket), ticket], kdcOffset };
}

/** The new contents, and what is still valid of the old ones. */
function merged(fresh: CacheContents, had: CacheContents | undefined, now: () => Date): CacheContents {
  if (had === undefined || !samePrincipal(had.principal, fresh.principal)) return fresh;
  const replaced = (old: Credential): boolean =>
    fresh.credentials.some(({ server }) => samePrincipal(server, old.server));
  const kept = had.credentials.filter(
    old => !replaced(old) && (isConfigEntry(old) || !isExpired(old, now())),
  );
  return { ...fresh, credentials: [...fresh.credentials, ...kept] };
}

interface Gained {
  readonly tickets: readonly Credential[];
  /** What is new, with the tickets of realms on the way. */
  readonly added: readonly Credential[];
}

/** Tickets for the services, requested in a temporary cache, so that an old one stays if no new one is available. */
async function otherTickets(
  contents: CacheContents,
  services: readonly Principal[],
  { least, anew = false }: LastingOptions,
  session: Session,
): Promise<Gained> {
  if (services.length === 0) return { tickets: [], added: [] };
  const now = clockOf(contents, session);
  const short = contents.credentials.filter(
    each => services.some(server => samePrincipal(server, each.server)) && (anew || !lasts(each, least, now)),
  );
  const desk = memoryType.resolve(`lasting-${session.io.pid}`, session.caches);
  await desk.initialize({
    ...contents,
    credentials: contents.credentials.filter(old => !short.includes(old)),
  });
  try {
    const options = exchangeOptions(session, defaultTgsEnctypes(session.config));
    const tickets: Credential[] = [];
    for (const server of services) tickets.push(await serviceTicket(desk, server, options));
    const { credentials } = await desk.load();
    return { tickets, added: credentials.filter(each => !contents.credentials.includes(each)) };
  } finally {
    await desk.destroy();
  }
}

interface Change {
  readonly had: CacheContents | undefined;
  /** Undefined where the first ticket was good. */
  readonly fresh: CacheContents | undefined;
  readonly contents: CacheContents;
  readonly gained: readonly Credential[];
}

/** Adds to what others may have stored meanwhile, so that there is a ticket at any time. */
async function keep(
  cache: Ccache,
  { had, fresh, contents, gained }: Change,
  session: Session,
): Promise<void> {
  const added = [...(fresh?.credentials ?? []), ...gained];
  if (added.length === 0) return;
  const whole = { ...contents, credentials: [...contents.credentials, ...gained] };
  if (had === undefined || !samePrincipal(had.principal, contents.principal)) return cache.initialize(whole);
  try {
    await cache.store(added, clockOf(contents, session)());
    await cache.remove(old => isOutdated(old, added));
  } catch (error) {
    if (!(error instanceof CcacheError) || error.code !== 'CACHE_NOT_FOUND') throw error;
    await cache.initialize(whole);
  }
}

/** An old ticket stays beside a new one whose session key is of another type. */
function isOutdated(old: Credential, added: readonly Credential[]): boolean {
  return added.some(
    ({ client, server, key }) =>
      samePrincipal(server, old.server) &&
      samePrincipal(client, old.client) &&
      key.keytype !== old.key.keytype &&
      !isConfigEntry(old),
  );
}
