import { type CacheContents, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { startRealmEntries } from '../../ccache/config-entries.ts';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { cacheOf, collectionOf, isAbsent } from '../../local/caches/named-caches.ts';
import { formatPrincipal, isTgs, type Principal, samePrincipal } from '../../messages/principal.ts';
import { memberFor } from '../kinit/cache.ts';
import type { Session } from '../session.ts';

export interface FillOptions {
  /** Whether a cache of another principal may be replaced. */
  readonly force: boolean;
  /** Whether the previous contents of the cache are dropped; otherwise the tickets are added. */
  readonly whole: boolean;
  readonly now: Date;
}

/**
 * The cache in which to put tickets of `principal`, chosen as kinit does if the name is that of a collection: the
 * principal's own, else the primary one if it is free, else a new one.
 */
export async function cacheToFill(name: string, principal: Principal, session: Session): Promise<Ccache> {
  const cache = await cacheOf(name, session);
  return during(`opening ${name}`, async () => {
    if (cache.type === 'MEMORY') {
      throw new KerberosError('CACHE_NAME', 'A cache in memory is lost when this command ends');
    }
    const collection = await collectionOf(name, session);
    // If the name is that of a member, this one is meant, even if it belongs to another principal.
    if (collection === undefined || collection.single) return cache;
    return (await memberFor(principal, collection, cache, { say: () => undefined })) ?? cache;
  });
}

/**
 * Puts tickets into a cache, which is created if needed. Throws KerberosError CACHE_IO rather than replace the cache of
 * another principal, unless forced.
 */
export async function fill(cache: Ccache, contents: CacheContents, options: FillOptions): Promise<void> {
  const existing = await existingContents(cache, options);
  const own = existing !== undefined && samePrincipal(existing.principal, contents.principal);
  if (existing !== undefined && !own && !options.force) {
    const owner = formatPrincipal(existing.principal);
    throw new KerberosError(
      'CACHE_IO',
      `${ccacheName(cache)} holds the tickets of ${owner} (--force replaces them)`,
    );
  }
  const canStart = options.whole || (own && existing.credentials.some(({ server }) => isTgs(server)));
  const filling = canStart ? contents : startable(contents);
  if (own && !options.whole) await cache.store(filling.credentials, options.now);
  else await replace(cache, filling);
}

async function replace(cache: Ccache, contents: CacheContents): Promise<void> {
  try {
    await cache.initialize(contents);
  } catch (error) {
    // That there is no cache yet is not what is wrong.
    if (!isAbsent(error) || errnoOf((error as Error).cause) !== 'ENOENT') throw error;
    throw new KerberosError('CACHE_IO', `The directory of ${ccacheName(cache)} does not exist`, {
      cause: error,
    });
  }
}

/** With the realm to start from, which tickets taken from elsewhere do not tell: that of their ticket-granting ticket. */
function startable(contents: CacheContents): CacheContents {
  const { principal, credentials } = contents;
  const granting = credentials.filter(({ server }) => isTgs(server));
  const first = granting.find(({ server }) => server.components[1] === principal.realm) ?? granting[0];
  return first === undefined
    ? contents
    : { ...contents, credentials: [...startRealmEntries(first), ...credentials] };
}

/** The contents of the cache; undefined if it does not exist, or cannot be read but is to be replaced anyway. */
async function existingContents(cache: Ccache, { force }: FillOptions): Promise<CacheContents | undefined> {
  try {
    return await cache.load();
  } catch (error) {
    if (error instanceof KerberosError && (isAbsent(error) || force)) return undefined;
    throw error;
  }
}
