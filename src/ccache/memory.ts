import { CcacheError } from '../errors.ts';
import type { CacheContents, Ccache, CcacheType } from './ccache.ts';
import { mergeCredentials } from './match.ts';

/** The caches of this process by name. */
const named = new Map<string, CacheContents>();

/** Caches that live as long as the process; every handle of one name is the same cache. */
export const memoryType: CcacheType = { name: 'MEMORY', resolve: name => memoryCcache(name, named) };

/** A cache in memory that no name leads to, and that needs no `destroy`. */
export function privateCcache(name: string): Ccache {
  return memoryCcache(name, new Map());
}

function memoryCcache(name: string, caches: Map<string, CacheContents>): Ccache {
  function existing(): CacheContents {
    const contents = caches.get(name);
    if (contents === undefined)
      throw new CcacheError('CACHE_NOT_FOUND', 'No credentials cache found', `MEMORY:${name}`);
    return contents;
  }

  return {
    type: 'MEMORY',
    residual: name,
    async load() {
      return existing();
    },
    async initialize(contents) {
      caches.set(name, contents);
    },
    async store(credentials, now) {
      const contents = existing();
      caches.set(name, {
        ...contents,
        credentials: mergeCredentials(contents.credentials, credentials, now),
      });
    },
    async remove(matches) {
      const contents = existing();
      const kept = contents.credentials.filter(credential => !matches(credential));
      caches.set(name, { ...contents, credentials: kept });
      return contents.credentials.length - kept.length;
    },
    async destroy() {
      existing();
      caches.delete(name);
    },
  };
}
