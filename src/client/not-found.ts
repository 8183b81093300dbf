import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { CcacheError } from '../errors.ts';

/** The error for a ticket that a cache does not hold. */
export function notFound(cache: Ccache): CcacheError {
  const file = cache.type === 'DIR' ? cache.residual.slice(1) : cache.residual;
  const where = ['FILE', 'DIR'].includes(cache.type) ? ` (filename: ${file})` : '';
  return new CcacheError('CREDENTIAL_NOT_FOUND', `Matching credential not found${where}`, ccacheName(cache));
}
