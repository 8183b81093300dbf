import { EndOfDataError } from '../codec/binary.ts';
import { CcacheError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';
import type { CacheContents, Ccache, CcacheCollection, CcacheEnvironment, CcacheType } from './ccache.ts';
import type { CacheHead } from './head.ts';
import { type KcmConnection, KcmDisconnected, withKcm } from './kcm/connection.ts';
import { KcmFailure } from './kcm/failure.ts';
import { MATCH, type MatchTag } from './kcm/match.ts';
import { DEFAULT_KCM_SOCKET, KCM, KCM_RESULT } from './kcm/protocol.ts';
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

async function load(kcm: KcmConnection, name: string): Promise<CacheContents> {
  return { ...(await headOf(kcm, name)), credentials: await allCredentials(kcm, name) };
}

/** Of several credentials for one server, it is the first that the cache holds. */
async function loadFor(
  kcm: KcmConnection,
  name: string,
  servers: readonly Principal[],
): Promise<CacheContents> {
  const head = await headOf(kcm, name);
  const credentials = await orElse(
    () => retrieveAll(kcm, name, { client: head.principal, servers }),
    () => allCredentials(kcm, name),
  );
  return { ...head, credentials };
}

async function headOf(kcm: KcmConnection, name: string): Promise<CacheHead> {
  const principal = await principalOf(kcm, name);
  const { offset } = await kcm.call(KCM.GET_KDC_OFFSET, { name });
  return { principal, kdcOffset: offset === 0 ? undefined : offset * 1000 };
}

async function retrieveAll(
  kcm: KcmConnection,
  name: string,
  { client, servers }: { readonly client: Principal; readonly servers: readonly Principal[] },
): Promise<readonly Credential[]> {
  const credentials: Credential[] = [];
  for (const server of servers) {
    const tag = { client, server, authtime: NEVER, endtime: NEVER, isSkey: false, flags: 0 };
    const found = await unlessGone(() => kcm.call(KCM.RETRIEVE, { name, flags: MATCH.CACHED_ONLY, tag }));
    if (found !== undefined) credentials.push(found.credential);
  }
  return credentials;
}

/** Where times are not compared. */
const NEVER = new Date(0);

function allCredentials(kcm: KcmConnection, name: string): Promise<readonly Credential[]> {
  return orElse(
    async () => (await kcm.call(KCM.GET_CRED_LIST, { name })).credentials,
    () => credentialsOneByOne(kcm, name),
  );
}

async function credentialsOneByOne(kcm: KcmConnection, name: string): Promise<readonly Credential[]> {
  const { uuids } = await kcm.call(KCM.GET_CRED_UUID_LIST, { name });
  const credentials: Credential[] = [];
  for (const uuid of uuids) {
    const found = await unlessGone(() => kcm.call(KCM.GET_CRED_BY_UUID, { name, uuid }));
    if (found !== undefined) credentials.push(found.credential);
  }
  return credentials;
}

/** Throws CcacheError CACHE_NOT_FOUND. */
async function principalOf(kcm: KcmConnection, name: string): Promise<CacheContents['principal']> {
  try {
    return (await kcm.call(KCM.GET_PRINCIPAL, { name })).principal;
  } catch (error) {
    // For a cache that does not exist, SSSD answers with success and no data.
    const absent =
      error instanceof KcmFailure ? error.code === 'CACHE_NOT_FOUND' : error instanceof EndOfDataError;
    if (!absent) throw error;
    const cache = `KCM:${name}`;
    throw new CcacheError('CACHE_NOT_FOUND', `Credentials cache '${cache}' not found`, cache, {
      cause: error,
    });
  }
}

async function isUninitialized(kcm: KcmConnection, name: string): Promise<boolean> {
  try {
    await principalOf(kcm, name);
    return false;
  } catch (error) {
    if (error instanceof CcacheError && error.code === 'CACHE_NOT_FOUND') return true;
    throw error;
  }
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

/** A credential removed since it was listed counts as absent. */
async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const gone =
      error instanceof KcmFailure && ['CACHE_NOT_FOUND', 'CREDENTIAL_NOT_FOUND'].includes(error.code);
    if (gone) return undefined;
    throw error;
  }
}

/** Results that mean, for MIT's client too, that a server does not support an operation; the last one is SSSD's. */
const NOT_IMPLEMENTED: readonly number[] = [
  KCM_RESULT.INTERNAL,
  KCM_RESULT.IO,
  KCM_RESULT.NOSUPP,
  1432158293,
];

async function orElse<T>(first: () => Promise<T>, second: () => Promise<T>): Promise<T> {
  try {
    return await first();
  } catch (error) {
    const notImplemented = error instanceof KcmFailure && NOT_IMPLEMENTED.includes(error.result);
    // Before they look at the operation, servers disconnect whoever sends a longer request than they accept.
    if (notImplemented || (error instanceof KcmDisconnected && error.tooLong)) return second();
    throw error;
  }
}
