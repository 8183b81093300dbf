import type { CacheContents, Ccache, CcacheCollection } from '../../ccache/ccache.ts';
import { resolveCcache, splitCcacheName } from '../../ccache/resolve.ts';
import { findCcacheType } from '../../ccache/types.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { during } from '../activity.ts';
import type { Session } from '../session.ts';
import { defaultCacheName } from './default-cache.ts';

/** The cache of a name, or the default one. Throws errors `while resolving ccache`. */
export async function cacheOf(name: string | undefined, session: Session): Promise<Ccache> {
  const given = name ?? (await defaultCacheName(session, { reading: true }));
  return during('resolving ccache', () => resolveCcache(given, session.caches));
}

/**
 * The caches of the collection that a name, or the default cache, belongs to; the one cache where its type has no
 * collections, whether or not it exists, and none for a type that nobody knows. Throws what is wrong, while doing the
 * `activity`.
 */
export async function cachesAround(
  name: string | undefined,
  session: Session,
  activity = 'listing ccache collection',
): Promise<readonly Ccache[]> {
  const given = name ?? (await defaultCacheName(session, { reading: true }));
  return during(activity, async () => {
    const collection = await collectionOf(given, session);
    if (collection !== undefined) return collection.list();
    const { type: typeName, residual } = splitCcacheName(given);
    const type = await findCcacheType(typeName);
    if (type === undefined) return [];
    await type.reach?.(session.caches);
    return [type.resolve(residual, session.caches)];
  });
}

/** The collection with a cache's name, if there is one. */
export async function collectionOf(name: string, session: Session): Promise<CcacheCollection | undefined> {
  const { type: typeName, residual } = splitCcacheName(name);
  const type = await findCcacheType(typeName);
  return type?.collection?.(residual, session.caches);
}

/** The contents of a cache; undefined if it cannot be read. */
export async function readableContents(cache: Ccache): Promise<CacheContents | undefined> {
  try {
    return await cache.load();
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}

/** Whether an error means that there is no such cache. */
export function isAbsent(error: unknown): boolean {
  return error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND';
}
