import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { CcacheError } from '../errors.ts';

/** The error for a ticket that a cache does not hold. */
export function notFound(cache: Ccache): CcacheError {
  const where = cache.type === 'FILE' ? ` (filename: ${cache.residual})` : '';
  return new CcacheError('CREDENTIAL_NOT_FOUND', `Matching credential not found${where}`, ccacheName(cache));
}
