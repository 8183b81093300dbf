import { CcacheError } from '../errors.ts';
import type { Ccache, CcacheCollection, CcacheEnvironment, CcacheType } from './ccache.ts';
import { PRIMARY_KEY } from './keyring/keys.ts';
import {
  formatKeyringName,
  type KeyringName,
  parseKeyringName,
  type SubsidiaryName,
} from './keyring/name.ts';
import { type KeyringPlace, withPlace } from './keyring/place.ts';
import { cacheNames, findCache, findKey, primaryName, readCache } from './keyring/read.ts';
import type { KeyNode } from './keyring/tree.ts';
import { destroyCache, removeFromCache, replaceCache, storeInCache, writePrimary } from './keyring/write.ts';
import { withLock } from './lock.ts';

/**
 * Collections in the keyrings of the Linux kernel, shared with MIT's library, through the program keyctl:
 * `KEYRING:anchor:collection` stands for a collection and its primary cache, with `:subsidiary` for one cache.
 * Resolving a name throws CcacheError CACHE_NAME, and CACHE_TYPE_UNKNOWN on other systems.
 */
export const keyringType: CcacheType = {
  name: 'KEYRING',
  resolve(residual, environment) {
    return cache(named(residual), environment);
  },
  collection(residual, environment) {
    const name = named(residual);
    return isSubsidiary(name) ? oneCache(name, environment) : collection(name, environment);
  },
};

function named(residual: string): KeyringName {
  if (process.platform === 'linux') return parseKeyringName(residual);
  const sentence = 'KEYRING caches belong to the kernel of Linux: name a cache of another type';
  throw new CcacheError('CACHE_TYPE_UNKNOWN', sentence, `KEYRING:${residual}`);
}

function collection(name: KeyringName, environment: CcacheEnvironment): CcacheCollection {
  const names = (): Promise<readonly SubsidiaryName[]> =>
    withPlace(name, async ({ keyctl, collection }) => {
      const found = await collection();
      return found === undefined ? [] : cacheNames(found, await primaryName(keyctl, found, name));
    });
  return {
    list: async () => (await names()).map(each => cache(each, environment)),
    primary: () =>
      withPlace(name, async ({ keyctl, collection }) => {
        const found = await collection();
        const primary = await primaryName(keyctl, found, name);
        const there = found !== undefined && cacheNames(found, primary)[0] === primary;
        return there ? cache(primary, environment) : undefined;
      }),
    setPrimary,
    create: async () => cache({ ...name, subsidiary: `krb_ccache_${randomLetters()}` }, environment),
  };
}

/** The cache with a name: that one only, although it may become the primary one of its collection. */
function oneCache(name: SubsidiaryName, environment: CcacheEnvironment): CcacheCollection {
  const there = (): Promise<readonly Ccache[]> =>
    withPlace(name, async ({ collection }) => {
      const found = await collection();
      return found !== undefined && findCache(found, name) ? [cache(name, environment)] : [];
    });
  return {
    single: true,
    list: there,
    primary: async () => (await there())[0],
    setPrimary,
    async create() {
      throw new CcacheError(
        'CACHE_NAME',
        "Can't create new subsidiary cache because default cache is already a subsidiary",
        `KEYRING:${formatKeyringName(name)}`,
      );
    },
  };
}

async function setPrimary({ residual }: Ccache): Promise<void> {
  const name = named(residual);
  // It is the primary one already.
  if (!isSubsidiary(name)) return;
  await withPlace(name, async ({ keyctl, makeCollection }) =>
    writePrimary(keyctl, await makeCollection(), name.subsidiary),
  );
}

function cache(given: KeyringName, environment: CcacheEnvironment): Ccache {
  let name = given;
  /** Every change is made under the lock, because it takes several operations. */
  const using = <T>(
    work: (place: KeyringPlace, collection: KeyNode | undefined, name: SubsidiaryName) => Promise<T>,
  ): Promise<T> =>
    withPlace(name, async place => {
      const collection = await place.collection();
      const found = isSubsidiary(name) ? name : await primaryName(place.keyctl, collection, name);
      name = found;
      return work(place, collection, found);
    });
  const changing: typeof using = work =>
    withLock(environment.dataDirectory, lockSubject(given), () => using(work));
  return {
    type: 'KEYRING',
    /** Once the primary cache has been used, it is known by its name. */
    get residual() {
      return formatKeyringName(name);
    },
    load: () =>
      using(async (place, collection, found) => (await readCache(place, collection, found)).contents),
    loadFor: servers =>
      using(
        async (place, collection, found) => (await readCache(place, collection, found, servers)).contents,
      ),
    initialize: contents =>
      changing(async (place, collection, found) => {
        const id = collection?.id ?? (await place.makeCollection());
        const unsaid = collection === undefined || findKey(collection, PRIMARY_KEY) === undefined;
        if (unsaid && !isSubsidiary(given)) await writePrimary(place.keyctl, id, found.subsidiary);
        await replaceCache(place, { id, children: collection?.children ?? [] }, found, contents);
      }),
    store: (credentials, now) =>
      changing((place, collection, found) => storeInCache(place, collection, found, credentials, now)),
    remove: matches =>
      changing((place, collection, found) => removeFromCache(place, collection, found, matches)),
    destroy: () => changing(destroyCache),
  };
}

function isSubsidiary(name: KeyringName): name is SubsidiaryName {
  return name.subsidiary !== undefined;
}

/** The two anchors in the session's keyring have the same collections. */
function lockSubject({ anchor, collection }: KeyringName): string {
  return `KEYRING:${formatKeyringName({ anchor: anchor === 'legacy' ? 'session' : anchor, collection })}`;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** As many as the native library takes. */
function randomLetters(): string {
  return Array.from({ length: 7 }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');
}
