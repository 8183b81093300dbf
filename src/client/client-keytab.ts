import { type CacheContents, type Ccache, ccacheName } from '../ccache/ccache.ts';
import { configEntry, findConfig, isConfigEntry } from '../ccache/config-entries.ts';
import { bytesToText } from '../codec/text.ts';
import { CcacheError, KerberosError, KeytabError } from '../errors.ts';
import { keysOf } from '../keytab/find.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import { type Credential, startOf } from '../messages/credential.ts';
import { formatPrincipal, type Principal, samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import { getInitialCredential } from './initial.ts';
import { initialContents } from './initial-contents.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import type { TicketWishes } from './ticket-wishes.ts';
import { joining } from './under-way.ts';

/** A keytab from which a cache is filled when needed. */
export interface ClientKeytab extends TicketWishes {
  /** `defaultClientKeytabName` of the configuration is the one that MIT's library uses. */
  readonly keytab: Keytab;
  /** The client to be where there is no cache yet; the keytab's first principal if not given. */
  readonly client?: Principal | undefined;
}

/** The key of the entry that says when MIT's library is to refresh a cache, in seconds since 1970. */
const REFRESH_TIME = 'refresh_time';
/** A ticket counts as expired this many seconds before its end, and attempts are at least as far apart. */
const SOON = 30;

/**
 * Ensures that a cache holds a ticket-granting ticket that lasts, as MIT's GSS-API library does: if there is no cache,
 * if half of the lifetime of a ticket obtained with the keytab has passed, or if it ends within 30 seconds, it gets a
 * new one. If that fails, a cache that still holds tickets stays as it is. If the keytab has no suitable key, throws
 * what loading the cache throws, with the KeytabError as its cause; else what `getInitialCredential` throws. Concurrent
 * calls for the same cache, keytab and client share one exchange.
 */
export function refreshFromKeytab(
  cache: Ccache,
  source: ClientKeytab,
  options: ExchangeOptions,
): Promise<void> {
  const { keytab, client } = source;
  // The failure of another login says nothing about this one.
  const name = [REFRESH_TIME, keytab.name, client && formatPrincipal(client)].join(' ');
  return joining(cache, name, options, () => refresh(cache, source, options));
}

async function refresh(
  cache: Ccache,
  { keytab, client, ...wishes }: ClientKeytab,
  options: ExchangeOptions,
): Promise<void> {
  const { contents, absent } = await look(cache);
  const { clock, trace } = exchangeOf(options);
  const now = shifted(clock, options.kdcOffset ?? contents?.kdcOffset ?? 0);
  if (contents !== undefined && !isDue(contents, now)) return;
  const { entries, unread } = await entriesOf(keytab);
  const principal = contents?.principal ?? client ?? entries[0]?.principal;
  if (principal === undefined || keysOf(entries, principal).length === 0) {
    if (absent === undefined) return;
    const cause = unread ?? new KeytabError('KEYTAB_NO_KEY', `${keytab.name} contains no suitable keys`);
    throw new CcacheError(absent.code, absent.message, absent.cache, { cause });
  }
  trace(`Getting a ticket for ${formatPrincipal(principal)} by the keys in ${keytab.name}`);
  if (contents !== undefined) await noteRefresh(cache, principal, later(now, SOON));
  try {
    const result = await getInitialCredential(principal, { keytab: entries }, { ...options, ...wishes });
    const filled = initialContents(result);
    const note = refreshEntry(principal, halfway(result.credential));
    await cache.initialize({ ...filled, credentials: [note, ...filled.credentials] });
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'ABORTED') throw error;
    if (contents === undefined || endOf(contents) === undefined) throw error;
    trace(`Keeping ${ccacheName(cache)} as it is: ${error.message}`);
  }
}

async function look(
  cache: Ccache,
): Promise<{ readonly contents?: CacheContents; readonly absent?: CcacheError }> {
  try {
    return { contents: await cache.load() };
  } catch (error) {
    if (error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND') return { absent: error };
    throw error;
  }
}

/** A missing keytab counts as one without keys. */
async function entriesOf(
  keytab: Keytab,
): Promise<{ readonly entries: readonly KeytabEntry[]; readonly unread?: KeytabError }> {
  try {
    return { entries: await keytab.entries() };
  } catch (error) {
    if (error instanceof KeytabError) return { entries: [], unread: error };
    throw error;
  }
}

function isDue(contents: CacheContents, now: Date): boolean {
  const end = endOf(contents);
  if (end === undefined || end < later(now, SOON)) return true;
  const noted = findConfig(contents, REFRESH_TIME);
  if (noted === undefined) return false;
  const seconds = Number(bytesToText(noted));
  return seconds > 0 && seconds * 1000 <= now.getTime();
}

/** When the local ticket-granting ticket ends, else the first ticket; undefined without tickets. */
function endOf({ principal, credentials }: CacheContents): Date | undefined {
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  const tgs = tgsPrincipal(principal.realm);
  return (tickets.findLast(({ server }) => samePrincipal(server, tgs)) ?? tickets[0])?.endtime;
}

/** Prevents other processes from trying again at once. */
async function noteRefresh(cache: Ccache, principal: Principal, when: Date): Promise<void> {
  try {
    await cache.store([refreshEntry(principal, when)], new Date(0));
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
  }
}

function refreshEntry(client: Principal, when: Date): Credential {
  return configEntry(client, REFRESH_TIME, undefined, `${Math.floor(when.getTime() / 1000)}`);
}

function halfway(credential: Credential): Date {
  const start = startOf(credential).getTime();
  return new Date(start + (credential.endtime.getTime() - start) / 2);
}

function later(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
