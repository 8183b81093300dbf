import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import { ccacheName } from '../ccache/ccache.ts';
import { isConfigEntry, startRealm } from '../ccache/config-entries.ts';
import { KerberosError } from '../errors.ts';
import { type Credential, isExpired, startOf } from '../messages/credential.ts';
import { INVALID } from '../messages/flags.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import { doesFast } from './fast-available.ts';
import { inRealmOfHost } from './host-realm.ts';
import { notFound } from './not-found.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import type { Journey, WalkOptions } from './referrals.ts';
import { following, leading } from './under-way.ts';

export interface ServiceOptions extends ExchangeOptions {
  /** Whether to use only the cache and never ask a KDC. */
  readonly cachedOnly?: boolean | undefined;
  /** Whether to keep new tickets out of the cache. */
  readonly noStore?: boolean | undefined;
  /** Lets the KDC answer with an alias or refer to another realm (RFC 6806); true if not given. */
  readonly canonicalize?: boolean | undefined;
  /** The realms from one to another, both included; tried from the far end where a KDC knows no path of its own. */
  readonly realmPath?: ((client: string, server: string) => readonly string[]) | undefined;
  /**
   * The realm of a host whose service is named without a realm, as `config.realmOfHost` finds it in [domain_realm]; by
   * the configuration of the transport if not given.
   */
  readonly realmOfHost?: ((host: string) => string | undefined) | undefined;
  /** The names that a server may have, asked for in turn until the KDCs know one; only its own name if not given. */
  readonly candidates?: ((server: Principal) => AsyncIterable<Principal>) | undefined;
  /** The realm to try for a host of unknown realm that the KDC does not know, either. */
  readonly fallbackRealm?: ((host: string) => Promise<string | undefined>) | undefined;
  /** Called when a new ticket cannot be stored; it is returned all the same. */
  readonly onUnstored?: ((error: KerberosError) => void) | undefined;
}

/**
 * A ticket for the server `named`: from the cache if it holds a valid one, else from the KDCs, through the realms that
 * they name; new tickets are stored. The credential has the name that was asked for, as in MIT's caches, so that it is
 * found by that name again; the ticket in it has the true one. Concurrent calls for the same ticket and cache share one
 * request.
 * Throws CcacheError, KdcError, TransportError, and KerberosError CREDENTIAL_NOT_FOUND, NO_TGT, TICKET_EXPIRED,
 * REPLY_MODIFIED.
 */
export function getServiceCredential(
  cache: Ccache,
  named: Principal,
  options: ServiceOptions,
): Promise<Credential> {
  const server = inRealmOfHost(named, options);
  const errand = {
    realm: server.realm,
    server,
    find: (contents: CacheContents) => findCredential(contents, server, options),
    request: async (tgt: Credential, walkOptions: WalkOptions) => {
      // Not needed for what is in the cache.
      const { requestService } = await import('./service-request.ts');
      return requestService(tgt, server, walkOptions);
    },
    keepAs: { server },
    // Of concurrent calls, one asks the KDC, and the others find the ticket in the cache.
    sharedAs: options.noStore ? undefined : formatPrincipal(server),
  };
  return runErrand(cache, errand, options);
}

/** What is wanted from a cache or, if it does not have it, from the KDCs. */
export interface Errand {
  /**
   * The realm whose ticket-granting ticket to start with, if the cache has one; else that of the start realm is used.
   */
  readonly realm?: string | undefined;
  /** The server of what `find` finds, if that is known before. */
  readonly server?: Principal | undefined;
  find(contents: CacheContents): Credential | undefined;
  request(tgt: Credential, options: WalkOptions): Promise<Journey>;
  /** The names under which the cache is to store the new credential. */
  readonly keepAs?: Partial<Credential> | undefined;
  /** Errands with the same name for the same cache wait for the first of them. */
  readonly sharedAs?: string | undefined;
}

/** Gets the credential of an errand; new tickets are stored. Throws what `getServiceCredential` throws. */
export async function runErrand(cache: Ccache, errand: Errand, options: ServiceOptions): Promise<Credential> {
  const { trace } = exchangeOf(options);
  const tell = (found: Credential): Credential => {
    trace(`Found a ticket for ${formatPrincipal(found.server)} in ${ccacheName(cache)}`);
    return found;
  };
  const some = errand.server && (await cache.loadFor?.([errand.server]));
  const quickly = some && errand.find(some);
  if (quickly !== undefined) return tell(quickly);
  const contents = await cache.load();
  const found = errand.find(contents);
  if (found !== undefined) return tell(found);
  trace(`No ticket of that kind in ${ccacheName(cache)}`);
  if (options.cachedOnly) throw notFound(cache);
  const { sharedAs } = errand;
  if (sharedAs === undefined) return fetchCredential(cache, contents, errand, options);
  const ahead = following(cache, sharedAs, options);
  if (ahead === undefined) {
    return leading(cache, sharedAs, options, () => fetchCredential(cache, contents, errand, options));
  }
  const givenUp = await ahead;
  return runErrand(cache, givenUp ? errand : { ...errand, sharedAs: undefined }, options);
}

async function fetchCredential(
  cache: Ccache,
  contents: CacheContents,
  errand: Errand,
  options: ServiceOptions,
): Promise<Credential> {
  const { trace } = exchangeOf(options);
  const kdcOffset = options.kdcOffset ?? contents.kdcOffset ?? 0;
  const adjusted = { ...options, kdcOffset };
  const cachedTgt = (realm: string) => findTgtOf(contents, realm, adjusted);
  const tgt = (errand.realm && cachedTgt(errand.realm)) || findLocalTgt(cache, contents, adjusted);
  const fast = doesFast(contents, tgt.server);
  trace(`Starting with TGT ${formatPrincipal(tgt.client)} -> ${formatPrincipal(tgt.server)}`);
  const { credential, onTheWay } = await errand.request(tgt, { ...adjusted, fast, cachedTgt });
  const gained = { ...credential, ...errand.keepAs };
  if (!options.noStore) await store(cache, [...onTheWay, gained], adjusted);
  return gained;
}

/** The conditions that a credential must meet besides being valid. */
export type FindOptions = Pick<ExchangeOptions, 'enctypes' | 'now' | 'kdcOffset' | 'clockskew'>;

/**
 * A valid ticket for `server` of a permitted enctype in a cache's contents. A server without a realm is looked for in
 * the client's realm if there is no ticket by that name.
 */
export function findCredential(
  contents: CacheContents,
  server: Principal,
  options: FindOptions,
): Credential | undefined {
  const { realm } = contents.principal;
  const found = findOwn(contents, credential => samePrincipal(credential.server, server), options);
  if (found !== undefined || server.realm !== '' || realm === '') return found;
  return findCredential(contents, { ...server, realm }, options);
}

/** The first of the client's own tickets that `matches`, is valid and has a permitted enctype. */
function findOwn(
  contents: CacheContents,
  matches: (credential: Credential) => boolean,
  options: FindOptions,
): Credential | undefined {
  const own = (credential: Credential) => matches(credential) && isOwn(credential, contents);
  return findValid(contents, own, options);
}

/** Whether a ticket is the client's own, and sealed in the key of a service. */
function isOwn({ client, isSkey }: Credential, { principal }: CacheContents): boolean {
  return samePrincipal(client, principal) && !isSkey;
}

/** The first of the cache's tickets that `matches`, is valid and has a permitted enctype. */
export function findValid(
  contents: CacheContents,
  matches: (credential: Credential) => boolean,
  options: FindOptions,
): Credential | undefined {
  const { now: clock = () => new Date(), kdcOffset = contents.kdcOffset ?? 0, clockskew = 300 } = options;
  const now = shifted(clock, kdcOffset);
  return contents.credentials.find(
    credential =>
      matches(credential) &&
      !isConfigEntry(credential) &&
      !(credential.flags & INVALID) &&
      !isExpired(credential, now) &&
      startOf(credential) <= after(now, clockskew) &&
      (options.enctypes === undefined || options.enctypes.includes(credential.key.keytype)),
  );
}

/**
 * The ticket-granting ticket of a realm: one issued by the client's realm or the start realm if there is one, else any.
 */
function findTgtOf(
  contents: CacheContents,
  realm: string,
  { now, kdcOffset, clockskew }: ServiceOptions,
): Credential | undefined {
  const options = { now, kdcOffset, clockskew };
  const homes = [startRealm(contents), contents.principal.realm];
  for (const issuer of homes) {
    const tgt = findCredential(contents, tgsPrincipal(realm, issuer), options);
    if (tgt !== undefined) return tgt;
  }
  const leadsThere = ({ server }: Credential) => isTgs(server) && server.components[1] === realm;
  return homes.includes(realm) ? undefined : findOwn(contents, leadsThere, options);
}

/** The ticket-granting ticket of the start realm or of the client's. */
function findLocalTgt(cache: Ccache, contents: CacheContents, options: ServiceOptions): Credential {
  const home = startRealm(contents);
  for (const realm of [home, contents.principal.realm]) {
    const tgt = findTgtOf(contents, realm, options);
    if (tgt !== undefined) return tgt;
  }
  const isHomes = ({ server }: Credential) => samePrincipal(server, tgsPrincipal(home));
  const own = contents.credentials.find(credential => isHomes(credential) && isOwn(credential, contents));
  if (own === undefined) throw notFound(cache);
  if (own.flags & INVALID) throw new KerberosError('NO_TGT', 'Ticket not yet valid');
  // A valid ticket that begins later was made by another clock, about which the KDC would complain.
  if (
    !isExpired(own, shifted(options.now ?? (() => new Date()), options.kdcOffset ?? contents.kdcOffset ?? 0))
  )
    throw new KerberosError('NO_TGT', 'Clock skew too great');
  throw new KerberosError('TICKET_EXPIRED', 'Ticket expired');
}

/** A ticket is of use even if the cache cannot be written. */
async function store(cache: Ccache, gained: readonly Credential[], options: ServiceOptions): Promise<void> {
  const exchange = exchangeOf(options);
  try {
    await cache.store(gained, shifted(exchange.clock, options.kdcOffset ?? 0));
    for (const { client, server } of gained) {
      exchange.trace(
        `Stored ${formatPrincipal(client)} -> ${formatPrincipal(server)} in ${ccacheName(cache)}`,
      );
    }
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    options.onUnstored?.(error);
    exchange.trace(`Failed to store the ticket in ${ccacheName(cache)}: ${error.message}`);
  }
}

function after(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
