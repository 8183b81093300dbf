import { KerberosError } from '../errors.ts';
import type { CacheContents, Ccache } from './ccache.ts';

/** Whose tickets a cache has, and the KDC's clock offset. */
export type CacheHead = Pick<CacheContents, 'principal' | 'kdcOffset'>;

/** The head of a cache, without its tickets where that is faster. Throws what `load` throws. */
export async function headOf(cache: Ccache): Promise<CacheHead> {
  return cache.loadFor?.([]) ?? cache.load();
}

/** The same; undefined for a cache that cannot be read. */
export async function readableHead(cache: Ccache): Promise<CacheHead | undefined> {
  try {
    return await headOf(cache);
  } catch (error) {
    if (error instanceof KerberosError) return undefined;
    throw error;
  }
}
