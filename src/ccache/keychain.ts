import { CcacheError } from '../errors.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../messages/principal.ts';
import type { CacheContents, Ccache, CcacheCollection, CcacheType } from './ccache.ts';
import { mergeCredentials } from './match.ts';
import type { SealedCaches } from './sealed/caches.ts';
import { type SealedStore, sealedStore } from './sealed/store.ts';

/**
 * Caches sealed under a key in the OS keychain: `KEYCHAIN:name` is a member of the user's only collection, `KEYCHAIN:`
 * the primary one, which is created if needed and then named after its principal.
 */
export const keychainType: CcacheType = {
  name: 'KEYCHAIN',
  resolve(residual, environment) {
    return member(residual, sealedStore(environment));
  },
  collection(residual, environment) {
    const store = sealedStore(environment);
    return residual === '' ? collection(store) : oneCache(residual, store);
  },
};

function collection(store: SealedStore): CcacheCollection {
  return {
    async list() {
      const { primary, members } = await store.read();
      const others = [...members.keys()].filter(name => name !== primary);
      const names = members.has(primary) ? [primary, ...others] : others;
      return names.map(name => member(name, store));
    },
    async primary() {
      const { primary, members } = await store.read();
      return members.has(primary) ? member(primary, store) : undefined;
    },
    setPrimary: cache => setPrimary(cache, store),
    create: async principal => member(freeName(principal, await store.read()), store),
  };
}

/** The cache with a member's name: that one only, but a new one can be created beside it, and become the primary one. */
function oneCache(name: string, store: SealedStore): CcacheCollection {
  const there = async (): Promise<readonly Ccache[]> =>
    (await store.read()).members.has(name) ? [member(name, store)] : [];
  return {
    single: true,
    list: there,
    primary: async () => (await there())[0],
    setPrimary: cache => setPrimary(cache, store),
    async create(principal) {
      const caches = await store.read();
      // Somebody who logs in again and again gets the same one.
      const own = [...caches.members].find(([, contents]) => samePrincipal(contents.principal, principal));
      return member(own?.[0] ?? freeName(principal, caches), store);
    },
  };
}

async function setPrimary({ residual }: Ccache, store: SealedStore): Promise<void> {
  await store.change(caches => {
    const { name } = existing(residual, caches);
    return caches.primary === name ? caches : { ...caches, primary: name };
  });
}

function member(residual: string, store: SealedStore): Ccache {
  let found = residual;
  return {
    type: 'KEYCHAIN',
    /**
     * Once the primary cache has been used, it is known by its name: a ticket is for the principal that was found in
     * it, even if another process makes another cache primary meanwhile.
     */
    get residual() {
      return found;
    },
    async load() {
      const { name, contents } = existing(found, await store.read());
      found = name;
      return contents;
    },
    async initialize(contents) {
      let name = found;
      await store.change(caches => {
        const primary = caches.members.has(caches.primary) ? caches.primary : undefined;
        name = found || primary || freeName(contents.principal, caches);
        return { primary: primary ?? name, members: new Map(caches.members).set(name, contents) };
      });
      found = name;
    },
    async store(credentials, now) {
      await store.change(caches => {
        const { name, contents } = existing(found, caches);
        found = name;
        const merged = mergeCredentials(contents.credentials, credentials, now);
        return withMember(caches, name, { ...contents, credentials: merged });
      });
    },
    async remove(matches) {
      let removed = 0;
      await store.change(caches => {
        const { name, contents } = existing(found, caches);
        found = name;
        const kept = contents.credentials.filter(credential => !matches(credential));
        removed = contents.credentials.length - kept.length;
        return removed === 0 ? caches : withMember(caches, name, { ...contents, credentials: kept });
      });
      return removed;
    },
    async destroy() {
      await store.change(caches => {
        const { name } = existing(found, caches);
        const members = new Map(caches.members);
        members.delete(name);
        return { ...caches, members };
      });
    },
  };
}

/** Throws CcacheError CACHE_NOT_FOUND. */
function existing(residual: string, caches: SealedCaches): { name: string; contents: CacheContents } {
  const name = residual || caches.primary;
  const contents = caches.members.get(name);
  if (contents === undefined) {
    const cache = `KEYCHAIN:${residual}`;
    throw new CcacheError('CACHE_NOT_FOUND', `Credentials cache '${cache}' not found`, cache);
  }
  return { name, contents };
}

function withMember(caches: SealedCaches, name: string, contents: CacheContents): SealedCaches {
  return { ...caches, members: new Map(caches.members).set(name, contents) };
}

/** The principal as text, followed by a number if that name is taken. */
function freeName(principal: Principal, { members }: SealedCaches): string {
  const text = formatPrincipal(principal);
  let name = text;
  for (let number = 2; members.has(name); number++) name = `${text}-${number}`;
  return name;
}
