import { type CacheContents, type Ccache, ccacheName } from '../ccache/ccache.ts';
import { configEntry, findConfig, isConfigEntry } from '../ccache/config-entries.ts';
import { bytesToText } from '../codec/text.ts';
import { CcacheError, type ErrorCode, KerberosError, KeytabError } from '../errors.ts';
import { type Credential, startOf } from '../messages/credential.ts';
import { formatPrincipal, type Principal, samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import { getInitialCredential } from './initial.ts';
import { initialContents } from './initial-contents.ts';
import { type ExchangeOptions, exchangeOf, shifted } from './options.ts';
import type { Secret } from './secret.ts';
import type { ArmorSource } from './ticket-armor.ts';
import type { TicketWishes } from './ticket-wishes.ts';
import { joining } from './under-way.ts';

/** Who logs in, and with what. */
export interface Login {
  readonly client: Principal;
  readonly secret: Secret;
}

/** Where the tickets of a cache come from. */
export interface TicketSource {
  /** Calls that name the same source share one exchange. */
  readonly name: string;
  /** The only one whose tickets it gives; undefined if it may give those of any owner of a cache. */
  readonly client?: Principal | undefined;
  readonly wishes: TicketWishes;
  /** The login for a cache, which `owner` has if it exists; a KeytabError if there are no keys for one. */
  login(owner: Principal | undefined): Promise<Login | KeytabError>;
  /** The armor for a login to a realm, if there is to be one. */
  readonly armorFor?: ((realm: string) => Promise<ArmorSource | undefined>) | undefined;
}

/** The key of the entry that says when MIT's library is to refresh a cache, in seconds since 1970. */
const REFRESH_TIME = 'refresh_time';
/** The key of the entry with the name that the owner of a cache was given at the login, if the KDC knows it by another. */
const ALIAS = 'krb5kit_alias';
/** A ticket counts as expired this many seconds before its end, and attempts are at least as far apart. */
const SOON = 30;

/** Does what `refreshFromKeytab` says, from any source. */
export async function refreshFrom(
  cache: Ccache,
  source: TicketSource,
  options: ExchangeOptions,
): Promise<void> {
  const { contents } = await look(cache);
  if (contents !== undefined) {
    checkOwner(contents, cache, source);
    if (!isDue(contents, timeBy(contents, options))) return;
  }
  // The failure of another login says nothing about this one.
  return joining(cache, `${REFRESH_TIME} ${source.name}`, options, () => refresh(cache, source, options));
}

async function refresh(cache: Ccache, source: TicketSource, options: ExchangeOptions): Promise<void> {
  const { contents, absent } = await look(cache);
  const { trace } = exchangeOf(options);
  const now = timeBy(contents, options);
  if (contents !== undefined && !isDue(contents, now)) return;
  const login = await source.login(contents?.principal);
  if (login instanceof KeytabError) {
    if (absent === undefined) return;
    throw new CcacheError(absent.code, absent.message, absent.cache, { cause: login });
  }
  const { client, secret } = login;
  trace(`Getting a ticket for ${formatPrincipal(client)} by ${source.name}`);
  if (contents !== undefined) await noteRefresh(cache, contents, later(now, SOON));
  try {
    const armor = await source.armorFor?.(client.realm);
    const result = await getInitialCredential(client, secret, { ...options, ...source.wishes, armor });
    const filled = initialContents(result);
    const notes = [
      refreshEntry(filled.principal, halfway(result.credential)),
      ...aliasEntries(filled.principal, source.client),
    ];
    await cache.initialize({ ...filled, credentials: [...notes, ...filled.credentials] });
  } catch (error) {
    if (!(error instanceof KerberosError) || error.code === 'ABORTED') throw error;
    const end = contents && endOf(contents);
    if (contents === undefined || end === undefined || end <= now) throw error;
    trace(`Keeping ${ccacheName(cache)} as it is: ${error.message}`);
    // Many attempts with a wrong key would lock the account, while its ticket is still good.
    if (WRONG_KEY.includes(error.code)) {
      await noteRefresh(cache, contents, latest(between(now, end), later(now, SOON)));
    }
  }
}

const WRONG_KEY: readonly string[] = ['PASSWORD_INCORRECT', 'PREAUTH_FAILED'] satisfies ErrorCode[];

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

function isDue(contents: CacheContents, now: Date): boolean {
  const end = endOf(contents);
  if (end === undefined || end <= now) return true;
  const noted = findConfig(contents, REFRESH_TIME);
  const seconds = noted === undefined ? 0 : Number(bytesToText(noted));
  return seconds > 0 ? seconds * 1000 <= now.getTime() : end < later(now, SOON);
}

/** A cache that we have filled may have the client's canonical name. */
function checkOwner(contents: CacheContents, cache: Ccache, { client }: TicketSource): void {
  const { principal } = contents;
  if (client === undefined || samePrincipal(principal, client)) return;
  const [owner, wanted] = [principal, client].map(name => formatPrincipal(name));
  const alias = findConfig(contents, ALIAS, principal);
  if (alias !== undefined && bytesToText(alias) === wanted) return;
  throw new KerberosError(
    'CREDENTIAL_NOT_FOUND',
    `The tickets in ${ccacheName(cache)} are those of ${owner}, not of ${wanted}`,
  );
}

/** The time on the KDC's clock, as far as it is known. */
function timeBy(contents: CacheContents | undefined, options: ExchangeOptions): Date {
  return shifted(exchangeOf(options).clock, options.kdcOffset ?? contents?.kdcOffset ?? 0);
}

/** When the local ticket-granting ticket ends, else the first ticket; undefined without tickets. */
function endOf({ principal, credentials }: CacheContents): Date | undefined {
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  const tgs = tgsPrincipal(principal.realm);
  return (tickets.findLast(({ server }) => samePrincipal(server, tgs)) ?? tickets[0])?.endtime;
}

/** Prevents other processes from trying again at once. */
async function noteRefresh(cache: Ccache, { principal }: CacheContents, when: Date): Promise<void> {
  try {
    await cache.store([refreshEntry(principal, when)], new Date(0));
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
  }
}

function refreshEntry(client: Principal, when: Date): Credential {
  return configEntry(client, REFRESH_TIME, undefined, `${Math.floor(when.getTime() / 1000)}`);
}

/**
 * Notes the name by which a client logged in that has another in its tickets. It is about that client, because its
 * entries may be copied into the cache of one for whom it acts.
 */
function aliasEntries(principal: Principal, client: Principal | undefined): readonly Credential[] {
  if (client === undefined || samePrincipal(principal, client)) return [];
  return [configEntry(principal, ALIAS, principal, formatPrincipal(client))];
}

function halfway(credential: Credential): Date {
  return between(startOf(credential), credential.endtime);
}

function between(start: Date, end: Date): Date {
  return new Date((start.getTime() + end.getTime()) / 2);
}

function latest(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function later(date: Date, seconds: number): Date {
  return new Date(date.getTime() + seconds * 1000);
}
