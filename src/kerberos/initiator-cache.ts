import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { readableHead } from '../ccache/head.ts';
import { resolveCcache } from '../ccache/resolve.ts';
import { CcacheError } from '../errors.ts';
import { GssError } from '../gss/gss-error.ts';
import { cacheForService } from '../local/caches/identity-cache.ts';
import { cachesAround } from '../local/caches/named-caches.ts';
import { hasClientKeys } from '../local/keytabs.ts';
import { reasonOf } from '../local/reason.ts';
import { principalOf, type Session } from '../local/session.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../messages/principal.ts';

/** Whose tickets an initiator uses. */
export type Identity =
  | { readonly cache: Ccache | undefined; readonly client?: Principal }
  | { readonly user: string; readonly password: string };

let passwordCaches = 0;

/**
 * Does `work` with the tickets of `identity`: those of a given cache, of the cache in the default collection that suits
 * the service, or of a temporary cache filled with a password. Throws GssError NO_CRED if there are no tickets.
 */
export async function withCache<T>(
  identity: Identity,
  server: Principal,
  session: Session,
  work: (cache: Ccache) => Promise<T>,
): Promise<T> {
  if ('password' in identity) return withPasswordCache(identity, session, work);
  const cache = identity.cache ?? (await cacheForService(undefined, server, session));
  try {
    return await work(cache);
  } catch (thrown) {
    const error = reasonOf(thrown);
    if (
      !(error instanceof CcacheError) ||
      !['CACHE_NOT_FOUND', 'CREDENTIAL_NOT_FOUND'].includes(error.code)
    ) {
      throw error;
    }
    const where = `default cache: ${ccacheName(cache)}`;
    throw new GssError('NO_CRED', `No Kerberos credentials available (${where})`, { cause: error });
  }
}

/**
 * The principal of that name, with the cache of the default collection that has its tickets, or with a cache in memory
 * to be filled from the client keytab (KRB5_CLIENT_KTNAME, krb5.conf). Throws GssError NO_CRED if there is neither.
 */
export async function identityByName(name: string, session: Session): Promise<Identity> {
  const client = await principalOf(name, session);
  for (const cache of await cachesAround(undefined, session)) {
    const head = await readableHead(cache);
    if (head !== undefined && samePrincipal(head.principal, client)) return { cache, client };
  }
  const text = formatPrincipal(client);
  if (!(await hasClientKeys(client, session))) {
    throw new GssError('NO_CRED', `Can't find client principal ${text} in cache collection`);
  }
  return { cache: await resolveCcache(`MEMORY:krb5kit/kerberos keytab ${text}`, session.caches), client };
}

async function withPasswordCache<T>(
  { user, password }: { readonly user: string; readonly password: string },
  session: Session,
  work: (cache: Ccache) => Promise<T>,
): Promise<T> {
  const { initialTicket } = await import('../local/initial.ts');
  const secret = { password: async () => password };
  const contents = await initialTicket(await principalOf(user, session), secret, session);
  const cache = await resolveCcache(`MEMORY:krb5kit/kerberos password ${++passwordCaches}`, session.caches);
  await cache.initialize(contents);
  try {
    return await work(cache);
  } finally {
    await cache.destroy();
  }
}
