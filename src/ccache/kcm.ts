import { CcacheError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import type { CacheContents, Ccache, CcacheCollection, CcacheEnvironment, CcacheType } from './ccache.ts';
import { type KcmConnection, withKcm } from './kcm/connection.ts';
import { KcmFailure } from './kcm/failure.ts';
import { orElse, unlessGone } from './kcm/fallback.ts';
import { MATCH, type MatchTag } from './kcm/match.ts';
import { DEFAULT_KCM_SOCKET, KCM, KCM_RESULT } from './kcm/protocol.ts';
import { isUninitialized, load, loadFor } from './kcm/read.ts';
import { mergeCredentials } from './match.ts';

/**
 * Caches kept by a server: Heimdal's `kcm`, SSSD's, or our own agent. `KCM:name` is a member of its collection, `KCM:`
 * the member that is its default when it is first used.
 */
export const kcmType: CcacheType = {
  name: 'KCM',
  async reach(environment) {
    await withKcm(socketOf(environment), async () => undefined);
  },
  resolve(residual, environment) {
    return member(residual, socketOf(environment));
  },
  collection(residual, environment) {
    const path = socketOf(environment);
    return residual === '' ? collection(path) : oneCache(residual, path);
  },
};

/** Throws CcacheError CACHE_IO if the configuration disables the server. */
function socketOf({ kcmSocket = DEFAULT_KCM_SOCKET }: CcacheEnvironment): string {
  if (kcmSocket === '-') throw new CcacheError('CACHE_IO', 'No KCM server found', 'KCM:');
  return kcmSocket;
}

function collection(path: string): CcacheCollection {
  return {
    list: () =>
      withKcm(path, async kcm => {
        const first = await defaultName(kcm);
        const names = await listNames(kcm);
        const ordered = names.includes(first) ? [first, ...names.filter(name => name !== first)] : names;
        return ordered.map(name => member(name, path));
      }),
    primary: () =>
      withKcm(path, async kcm => {
        const name = await defaultName(kcm);
        return (await listNames(kcm)).includes(name) ? member(name, path) : undefined;
      }),
    setPrimary: cache => setPrimary(cache, path),
    create: () => create(path),
  };
}

/** The cache with a member's name: that one only, but a new one can be created beside it, and become the primary one. */
function oneCache(name: string, path: string): CcacheCollection {
  const only = (): Promise<Ccache> => withKcm(path, async () => member(name, path));
  return {
    single: true,
    list: async () => [await only()],
    primary: only,
    setPrimary: cache => setPrimary(cache, path),
    create: () => create(path),
  };
}

async function setPrimary({ residual }: Ccache, path: string): Promise<void> {
  await withKcm(path, async kcm => {
    // Not every server takes an empty name for its default.
    const name = residual || (await defaultName(kcm));
    await kcm.call(KCM.SET_DEFAULT_CACHE, { name });
  });
}

function create(path: string): Promise<Ccache> {
  return withKcm(path, async kcm => {
    const { name } = await kcm.call(KCM.GEN_NEW, {});
    return member(name, path);
  });
}

function member(residual: string, path: string): Ccache {
  let found = residual;
  const using = <T>(work: (kcm: KcmConnection, name: string) => Promise<T>): Promise<T> =>
    withKcm(path, async kcm => {
      found ||= await defaultName(kcm);
      return work(kcm, found);
    });
  return {
    type: 'KCM',
    /** Once the default cache has been used, it is known by its name. */
    get residual() {
      return found;
    },
    load: () => using(load),
    loadFor: servers => using((kcm, name) => loadFor(kcm, name, servers)),
    initialize: contents => using((kcm, name) => replace(kcm, name, contents)),
    store: (credentials, now) =>
      using(async (kcm, name) => {
        const contents = await load(kcm, name);
        const merged = mergeCredentials(contents.credentials, credentials, now);
        const kept = contents.credentials.filter(old => merged.includes(old));
        await keep({ kcm, path }, name, contents, kept);
        for (const credential of merged) {
          if (!kept.includes(credential)) await kcm.call(KCM.STORE, { name, credential });
        }
      }),
    remove: matches =>
      using(async (kcm, name) => {
        const contents = await load(kcm, name);
        const kept = contents.credentials.filter(credential => !matches(credential));
        await keep({ kcm, path }, name, contents, kept);
        return contents.credentials.length - kept.length;
      }),
    destroy: () =>
      using(async (kcm, name) => {
        const absent = await isUninitialized(kcm, name);
        await kcm.call(KCM.DESTROY, { name });
        // Not every server reports that a cache did not exist.
        if (absent) throw new KcmFailure(KCM_RESULT.NOFILE, `KCM:${name}`);
      }),
  };
}

async function replace(kcm: KcmConnection, name: string, contents: CacheContents): Promise<void> {
  const { principal, credentials, kdcOffset = 0 } = contents;
  const offset = Math.round(kdcOffset / 1000);
  await orElse(
    async () => void (await kcm.call(KCM.REPLACE, { name, offset, principal, credentials })),
    async () => {
      await kcm.call(KCM.INITIALIZE, { name, principal });
      // Even if there is none: Heimdal's server leaves the offset of a new cache uninitialized.
      await kcm.call(KCM.SET_KDC_OFFSET, { name, offset });
      for (const credential of credentials) await kcm.call(KCM.STORE, { name, credential });
    },
  );
}

/** Removes all but `kept` ticket by ticket, or replaces the cache by `kept` if the server cannot do that. */
async function keep(
  { kcm, path }: { readonly kcm: KcmConnection; readonly path: string },
  name: string,
  contents: CacheContents,
  kept: readonly Credential[],
): Promise<void> {
  const gone = contents.credentials.filter(credential => !kept.includes(credential));
  if (gone.length === 0) return;
  const left = gone.values();
  const removeNext = async (each: KcmConnection): Promise<boolean> => {
    const { value: credential } = left.next();
    if (credential === undefined) return false;
    const request = { name, flags: EXACTLY, tag: tagOf(credential) };
    await unlessGone(() => each.call(KCM.REMOVE_CRED, request));
    return true;
  };
  const failures: unknown[] = [];
  const removeAll = async (each: KcmConnection): Promise<void> => {
    while (failures.length === 0 && (await removeNext(each)));
  };
  await orElse(
    async () => {
      await removeNext(kcm);
      // Our agent writes what it is asked for at the same time only once.
      const more = Math.min(MOST_AT_ONCE, Math.floor(gone.length / 8));
      const removals = [removeAll(kcm), ...Array.from({ length: more }, () => withKcm(path, removeAll))];
      // The others stop then, and are waited for: nothing is removed after it has failed.
      await Promise.all(removals.map(removal => removal.catch(error => void failures.push(error))));
      if (failures.length > 0) throw failures[0];
    },
    () => replace(kcm, name, { ...contents, credentials: kept }),
  );
}

/** Connections for the removal of many tickets. */
const MOST_AT_ONCE = 50;
const EXACTLY = MATCH.CACHED_ONLY + MATCH.KEY_TYPE + MATCH.TIMES_EXACT + MATCH.IS_SKEY;

function tagOf(credential: Credential): MatchTag {
  const { client, server, key, authtime, starttime, endtime, renewTill, isSkey, flags } = credential;
  return { client, server, key, authtime, starttime, endtime, renewTill, isSkey, flags };
}

async function defaultName(kcm: KcmConnection): Promise<string> {
  return (await kcm.call(KCM.GET_DEFAULT_CACHE, {})).name;
}

async function listNames(kcm: KcmConnection): Promise<readonly string[]> {
  const list = await unlessGone(() => kcm.call(KCM.GET_CACHE_UUID_LIST, {}));
  const names: string[] = [];
  for (const uuid of list?.uuids ?? []) {
    const found = await unlessGone(() => kcm.call(KCM.GET_CACHE_BY_UUID, { uuid }));
    if (found !== undefined) names.push(found.name);
  }
  return names;
}
