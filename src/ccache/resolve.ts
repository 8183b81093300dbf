import { CcacheError } from '../errors.ts';
import type { Ccache, CcacheEnvironment } from './ccache.ts';
import { findCcacheType } from './types.ts';

/**
 * The cache with a name `TYPE:residual`; a name without a type is a path. Throws CcacheError CACHE_TYPE_UNKNOWN, and
 * CACHE_IO without the type's server.
 */
export async function resolveCcache(name: string, environment: CcacheEnvironment): Promise<Ccache> {
  const { type: typeName, residual } = splitCcacheName(name);
  const type = await findCcacheType(typeName);
  if (type === undefined) {
    throw new CcacheError('CACHE_TYPE_UNKNOWN', 'Unknown credential cache type', name);
  }
  await type.reach?.(environment);
  return type.resolve(residual, environment);
}

/** The two parts of a cache's name. */
export function splitCcacheName(name: string): { readonly type: string; readonly residual: string } {
  const colon = name.indexOf(':');
  // A single letter before the colon is a drive.
  if (colon < 0 || /^[a-z]:/i.test(name)) return { type: 'FILE', residual: name };
  return { type: name.slice(0, colon), residual: name.slice(colon + 1) };
}
