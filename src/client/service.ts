import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import { ccacheName } from '../ccache/ccache.ts';
import { isConfigEntry } from '../ccache/config-entries.ts';
import { KerberosError } from '../errors.ts';
import { type Credential, isExpired, startOf } from '../messages/credential.ts';
import { CANONICALIZE, FORWARDABLE, INVALID, PROXIABLE, RENEWABLE } from '../messages/flags.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import { notFound } from './not-found.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import { exchangeTgs } from './tgs.ts';

export interface ServiceOptions extends ExchangeOptions {
  /** Never asks a KDC. */
  readonly cachedOnly?: boolean | undefined;
  /** Keeps new tickets out of the cache. */
  readonly noStore?: boolean | undefined;
  /** Lets the KDC answer with an alias or refer to another realm (RFC 6806). */
  readonly canonicalize?: boolean | undefined;
}

/** Longer than any trust path in use; a chain of referrals that goes on is a loop. */
const MAX_REALMS = 10;

/**
 * A ticket for `server`: the cache's own where it holds one that is valid, else from the KDCs, by way of the realms
 * they name; new tickets are stored. Throws CcacheError, KdcError, TransportError, and KerberosError
 * CREDENTIAL_NOT_FOUND, NO_TGT, TICKET_EXPIRED, REPLY_MODIFIED.
 */
export async function getServiceCredential(
  cache: Ccache,
  server: Principal,
  options: ServiceOptions,
): Promise<Credential> {
  const contents = await cache.load();
  const found = findCredential(contents, server, options);
  if (found !== undefined) return found;
  if (options.cachedOnly) throw notFound(cache);
  const gained = await requestService(cache, contents, server, options);
  if (!options.noStore) await store(cache, gained, options);
  return gained.at(-1)!;
}

/** A valid ticket for `server` in a cache's contents, of an enctype that is permitted. */
export function findCredential(
  contents: CacheContents,
  server: Principal,
  options: Pick<ExchangeOptions, 'enctypes' | 'now'>,
): Credential | undefined {
  const now = shifted(options.now ?? (() => new Date()), contents.kdcOffset ?? 0);
  return contents.credentials.find(
    credential =>
      samePrincipal(credential.server, server) &&
      samePrincipal(credential.client, contents.principal) &&
      !isConfigEntry(credential) &&
      !credential.isSkey &&
      !(credential.flags & INVALID) &&
      !isExpired(credential, now) &&
      startOf(credential) <= after(now, 300) &&
      (options.enctypes === undefined || options.enctypes.includes(credential.key.keytype)),
  );
}

/** The tickets on the way to `server`, that for `server` last. */
async function requestService(
  cache: Ccache,
  contents: CacheContents,
  server: Principal,
  options: ServiceOptions,
): Promise<readonly Credential[]> {
  const exchange = exchangeOf(options);
  const kdcOffset = options.kdcOffset ?? contents.kdcOffset ?? 0;
  const withOffset = { ...options, kdcOffset };
  let tgt = findTgt(cache, contents, server.realm, options);
  const gained: Credential[] = [];
  const seen = new Set([tgt.server.components[1]]);
  // A server without a realm of its own is asked for in the client's, which may refer to another.
  let realm = server.realm === '' ? contents.principal.realm : server.realm;
  for (let hop = 0; hop < MAX_REALMS; hop++) {
    const at = tgt.server.components[1]!;
    const asked = at === realm ? { ...server, realm } : tgsPrincipal(realm, at);
    const flags = at === realm && options.canonicalize ? CANONICALIZE : 0;
    const credential = await exchangeTgs(tgt, asked, { kdcOptions: inherited(tgt) | flags }, withOffset);
    gained.push(credential);
    if (!isTgs(credential.server) || samePrincipal(credential.server, server)) return gained;
    const next = credential.server.components[1]!;
    if (seen.has(next)) break;
    seen.add(next);
    exchange.trace(`Following referral to realm ${next}`);
    if (at === realm) realm = next;
    tgt = credential;
  }
  throw new KerberosError(
    'REPLY_MODIFIED',
    `The way to ${formatPrincipal(server)} leads through too many realms`,
  );
}

/** The ticket-granting ticket to begin with: that for the server's realm if there is one, else the client's own. */
function findTgt(cache: Ccache, contents: CacheContents, realm: string, options: ServiceOptions): Credential {
  const home = contents.principal.realm;
  for (const target of [realm, home]) {
    const tgt = findCredential(contents, tgsPrincipal(target, home), { now: options.now });
    if (tgt !== undefined) return tgt;
  }
  const own = contents.credentials.find(({ server }) => samePrincipal(server, tgsPrincipal(home)));
  if (own === undefined) throw notFound(cache);
  if (own.flags & INVALID) throw new KerberosError('NO_TGT', 'Ticket not yet valid');
  throw new KerberosError('TICKET_EXPIRED', 'Ticket expired');
}

/** The options that a service ticket takes over from the ticket-granting ticket's flags. */
function inherited(tgt: Credential): number {
  return tgt.flags & (FORWARDABLE | PROXIABLE | RENEWABLE);
}

/** A cache that cannot be written does not make a ticket worthless. */
async function store(cache: Ccache, gained: readonly Credential[], options: ServiceOptions): Promise<void> {
  const exchange = exchangeOf(options);
  try {
    await cache.store(gained, exchange.clock());
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    exchange.trace(`Failed to store the ticket in ${ccacheName(cache)}: ${error.message}`);
  }
}

function after(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
