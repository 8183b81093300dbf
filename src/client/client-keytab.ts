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

/** A keytab that a cache is filled from on need. */
export interface ClientKeytab extends TicketWishes {
  /** `defaultClientKeytabName` of the configuration names the one that MIT's library takes. */
  readonly keytab: Keytab;
  /** Whom to be where there is no cache yet; the keytab's first principal if not given. */
  readonly client?: Principal | undefined;
}

/** When MIT's library is to fill a cache anew, in seconds since 1970. */
const REFRESH_TIME = 'refresh_time';
/** Seconds before a ticket's end from which it is as good as expired, and between two attempts. */
const SOON = 30;

/**
 * Has a cache hold a ticket-granting ticket that lasts, as MIT's GSS-API library does: where there is no cache, where half of
 * the ticket's life that the keytab brought has gone by, or where it ends within 30 seconds, a new one is got. Where a cache
 * that still holds tickets cannot be filled anew it stays as it is. Throws what loading the cache throws where the keytab has
 * no key to help, and what `getInitialCredential` throws.
 */
export async function refreshFromKeytab(
  cache: Ccache,
  { keytab, client, ...wishes }: ClientKeytab,
  options: ExchangeOptions,
): Promise<void> {
  const { contents, absent } = await look(cache);
  const { clock, trace } = exchangeOf(options);
  const now = shifted(clock, options.kdcOffset ?? contents?.kdcOffset ?? 0);
  if (contents !== undefined && !isDue(contents, now)) return;
  const entries = await entriesOf(keytab);
  const principal = contents?.principal ?? client ?? entries[0]?.principal;
  if (principal === undefined || keysOf(entries, principal).length === 0) {
    if (absent !== undefined) throw absent;
    return;
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

/** A keytab that is not there has no keys. */
async function entriesOf(keytab: Keytab): Promise<readonly KeytabEntry[]> {
  try {
    return await keytab.entries();
  } catch (error) {
    if (error instanceof KeytabError) return [];
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

/** When the local ticket-granting ticket ends, else the first ticket; undefined where there is none. */
function endOf({ principal, credentials }: CacheContents): Date | undefined {
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  const tgs = tgsPrincipal(principal.realm);
  return (tickets.findLast(({ server }) => samePrincipal(server, tgs)) ?? tickets[0])?.endtime;
}

/** Whoever looks next shall not try again at once. */
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
