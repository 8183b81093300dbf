import { join } from 'node:path';
import type { Ccache } from '../../ccache/ccache.ts';
import { readableHead } from '../../ccache/head.ts';
import { selectIdentity } from '../../ccache/identity.ts';
import { bytesToText } from '../../codec/text.ts';
import { defaultTktEnctypes } from '../../config/enctypes.ts';
import { KerberosError } from '../../errors.ts';
import { readRegularFile } from '../../keytab/read-file.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { ActivityError, during } from '../activity.ts';
import { homeDirectory } from '../directories.ts';
import type { Session } from '../session.ts';
import { defaultCacheName } from './default-cache.ts';
import { cacheOf, cachesAround, collectionOf } from './named-caches.ts';

/** Nobody has that many rules. */
const MAX_FILE_BYTES = 1 << 20;

/**
 * The cache for a service: the named one, else from the default collection by the user's `.k5identity` and by the
 * service's realm, else the default one.
 */
export async function cacheForService(
  name: string | undefined,
  server: Principal,
  session: Session,
): Promise<Ccache> {
  if (name !== undefined) return cacheOf(name, session);
  const caches = await cachesAround(undefined, session);
  const rules = readRules(session);
  const { defaultRealm } = session.config.libdefaults;
  const isChoice = caches.length > 1 || rules !== undefined;
  const located = isChoice ? await inLikelyRealm(server, session) : server;
  const chosen = await selectIdentity(located, caches, { rules, defaultRealm });
  if (chosen === undefined) return cacheOf(undefined, session);
  if (chosen.cache !== undefined) return chosen.cache;
  const isEmpty = !(await anyReadable(caches));
  const filled = await cacheByKeytab(chosen.client, isEmpty, session);
  if (filled !== undefined) return filled;
  if (isEmpty) return cacheOf(undefined, session);
  const client = formatPrincipal(chosen.client);
  const absent = new KerberosError(
    'CREDENTIAL_NOT_FOUND',
    `Can't find client principal ${client} in cache collection`,
  );
  throw new ActivityError(`choosing a cache for ${formatPrincipal(located)}`, absent);
}

/** The first logins in progress, by default cache and client: several contexts may be opened at once. */
const logins = new Map<string, Promise<Ccache | undefined>>();

async function cacheByKeytab(
  client: Principal,
  isEmpty: boolean,
  session: Session,
): Promise<Ccache | undefined> {
  const place = `${await defaultCacheName(session, { reading: true })} ${formatPrincipal(client)}`;
  const login = logins.get(place) ?? loginByKeytab(client, isEmpty, session);
  logins.set(place, login);
  try {
    return await login;
  } finally {
    logins.delete(place);
  }
}

/**
 * A cache for a client that has none, with a ticket by the keytab of clients, as MIT's GSS-API library makes it: the
 * default one if there are no tickets yet, else a new one. Undefined without keys, or without a place.
 */
async function loginByKeytab(
  client: Principal,
  isEmpty: boolean,
  session: Session,
): Promise<Ccache | undefined> {
  const { hasClientKeys } = await import('../keytabs.ts');
  if (!(await hasClientKeys(client, session))) return undefined;
  const cache = isEmpty ? await cacheOf(undefined, session) : await freshMember(client, session);
  if (cache === undefined) return undefined;
  const { refreshFromKeytab } = await import('../../client/client-keytab.ts');
  const { exchangeOptions } = await import('../exchange.ts');
  const { clientKeytabOf } = await import('../client-keytab.ts');
  const source = { ...clientKeytabOf(session, client.realm), client };
  await during(`getting a ticket for ${formatPrincipal(client)}`, () =>
    refreshFromKeytab(cache, source, exchangeOptions(session, defaultTktEnctypes(session.config))),
  );
  return cache;
}

/** A new cache in the default collection, if it is one. */
async function freshMember(client: Principal, session: Session): Promise<Ccache | undefined> {
  const collection = await collectionOf(await defaultCacheName(session, { reading: true }), session);
  return collection?.single ? undefined : collection?.create(client);
}

/** With the realm that is tried for its host if the configuration assigns none and no KDC knows better. */
async function inLikelyRealm(server: Principal, session: Session): Promise<Principal> {
  const [, host] = server.components;
  if (server.realm !== '' || host === undefined) return server;
  const { fallbackRealmOf } = await import('../exchange.ts');
  return { ...server, realm: (await fallbackRealmOf(host, session)) ?? '' };
}

function readRules({ io }: Session): string | undefined {
  try {
    const bytes = readRegularFile(join(homeDirectory(io), '.k5identity'), MAX_FILE_BYTES);
    return bytes && bytesToText(bytes);
  } catch {
    return undefined;
  }
}

async function anyReadable(caches: readonly Ccache[]): Promise<boolean> {
  for (const cache of caches) if ((await readableHead(cache)) !== undefined) return true;
  return false;
}
