import { CcacheError } from '../errors.ts';
import type { CcacheType } from './ccache.ts';

/** The CCAPI of macOS, which only the system's library speaks. */
export const apiType = nativeType(
  'API',
  'API caches belong to macOS: use its own tools, such as /usr/bin/klist, or name a cache of another type',
);

/** The logon session of Windows. */
export const mslsaType = nativeType(
  'MSLSA',
  'MSLSA is the logon session of Windows: use its own klist.exe, or name a cache of another type',
);

/** A cache type of a system's own tools; to name one throws CcacheError CACHE_TYPE_UNKNOWN, which tells so. */
function nativeType(name: string, sentence: string): CcacheType {
  return {
    name,
    resolve(residual) {
      throw new CcacheError('CACHE_TYPE_UNKNOWN', sentence, `${name}:${residual}`);
    },
  };
}
