import type { Credential } from '../../messages/credential.ts';
import type { CacheContents } from '../ccache.ts';
import { mergeCredentials } from '../match.ts';
import { isGone, isOverQuota, isUnsupported } from './failure.ts';
import type { Keyctl } from './keyctl.ts';
import {
  CREDENTIAL_TYPES,
  credentialKeyName,
  encodeCredential,
  encodeOffset,
  encodePrimary,
  encodePrincipal,
  OFFSETS_KEY,
  PRIMARY_KEY,
  PRINCIPAL_KEY,
} from './keys.ts';
import { isLegacyCache, type SubsidiaryName } from './name.ts';
import { type KeyringPlace, makeRing } from './place.ts';
import { findCache, findKey, notFound, readCache } from './read.ts';
import type { KeyNode } from './tree.ts';

/** How often to check whether the kernel has freed removed keys, which takes it a moment. */
const MAX_TRIES = 20;
/** Milliseconds between two checks. */
const PAUSE = 50;

/**
 * Puts a cache into a collection. It replaces one with the same name in a single step, unless the user's quota of keys
 * is too small for both.
 */
export async function replaceCache(
  place: KeyringPlace,
  collection: Pick<KeyNode, 'id' | 'children'>,
  name: SubsidiaryName,
  contents: CacheContents,
): Promise<void> {
  const { keyctl, aside, session } = place;
  const replace = (): Promise<void> =>
    aside(async elsewhere => {
      const ring = await makeRing(keyctl, name.subsidiary, elsewhere);
      await fill(keyctl, name, ring, contents);
      await keyctl(['link', ring, collection.id]);
      if (isLegacyCache(name)) await keyctl(['link', ring, await session()]);
    });
  const old = findCache(collection, name);
  for (let tries = 0; ; tries++) {
    try {
      return await replace();
    } catch (error) {
      if (old === undefined || tries === MAX_TRIES || !isOverQuota(error)) throw error;
      if (tries === 0) await keyctl(['clear', old.id]);
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE));
  }
}

async function fill(
  keyctl: Keyctl,
  name: SubsidiaryName,
  ring: string,
  contents: CacheContents,
): Promise<void> {
  await keyctl(['padd', 'user', PRINCIPAL_KEY, ring], encodePrincipal(contents.principal));
  // Libraries older than collections cannot read this key.
  if (contents.kdcOffset !== undefined && !isLegacyCache(name)) {
    await keyctl(['padd', 'user', OFFSETS_KEY, ring], encodeOffset(contents.kdcOffset));
  }
  const credentials = mergeCredentials([], contents.credentials, new Date(0));
  await addCredentials(keyctl, { name, ring, taken: [] }, credentials);
  await expireWithLast(keyctl, ring, credentials);
}

/** Adds credentials to a cache; removes those that they replace, and expired ones. */
export async function storeInCache(
  place: KeyringPlace,
  collection: KeyNode | undefined,
  name: SubsidiaryName,
  stored: readonly Credential[],
  now: Date,
): Promise<void> {
  const { keyctl } = place;
  const { ring, contents, keys } = await readCache(place, collection, name);
  const merged = mergeCredentials(contents.credentials, stored, now);
  const added = merged.filter(credential => !keys.has(credential));
  const staying = new Set(merged.flatMap(credential => keys.get(credential) ?? []));
  const taken = [...staying].map(node => node.name);
  const written = await addCredentials(keyctl, { name, ring: ring.id, taken }, added);
  const gone = [...keys.values()].filter(node => !staying.has(node) && !written.has(node.id));
  // Until the kernel removes an expired key, the native library fails on it.
  const expired = await expiredIn(keyctl, ring, written);
  for (const id of [...gone.map(node => node.id), ...expired]) await unlink(keyctl, id, ring.id);
  await expireWithLast(keyctl, ring.id, merged);
}

/** Removes what matches; resolves to how many there were. */
export async function removeFromCache(
  place: KeyringPlace,
  collection: KeyNode | undefined,
  name: SubsidiaryName,
  matches: (credential: Credential) => boolean,
): Promise<number> {
  const { ring, keys } = await readCache(place, collection, name);
  const gone = [...keys].filter(([credential]) => matches(credential));
  for (const [, { id }] of gone) await unlink(place.keyctl, id, ring.id);
  return gone.length;
}

/** Throws CcacheError CACHE_NOT_FOUND, also after removing a keyring that was never filled. */
export async function destroyCache(
  { keyctl, session }: KeyringPlace,
  collection: KeyNode | undefined,
  name: SubsidiaryName,
): Promise<void> {
  const ring = collection && findCache(collection, name);
  if (collection === undefined || ring === undefined) throw notFound(name);
  await keyctl(['clear', ring.id]);
  await unlink(keyctl, ring.id, collection.id);
  if (isLegacyCache(name)) await unlink(keyctl, ring.id, await session());
  if (findKey(ring, PRINCIPAL_KEY) === undefined) throw notFound(name);
}

/** Makes a cache the primary one of the collection with the id. */
export async function writePrimary(keyctl: Keyctl, collection: string, subsidiary: string): Promise<void> {
  await keyctl(['padd', 'user', PRIMARY_KEY, collection], encodePrimary(subsidiary));
}

interface Destination {
  readonly name: SubsidiaryName;
  /** The id of the cache's keyring. */
  readonly ring: string;
  /** Names of keys that are to stay as they are. */
  readonly taken: readonly string[];
}

/** Returns the ids of the keys, some of which may have existed before with other contents. */
async function addCredentials(
  keyctl: Keyctl,
  { name, ring, taken }: Destination,
  credentials: readonly Credential[],
): Promise<ReadonlySet<string>> {
  const names = new Set(taken);
  const ids = new Set<string>();
  let types = name.anchor === 'legacy' ? ['user'] : CREDENTIAL_TYPES;
  for (const credential of credentials) {
    const keyName = credentialKeyName(credential, names);
    names.add(keyName);
    const { id, type } = await addKey(keyctl, { types, name: keyName, ring }, encodeCredential(credential));
    // A key type that the kernel does not support once, it will never support.
    types = types.slice(types.indexOf(type));
    ids.add(id);
    const left = secondsLeft(credential);
    if (left > 0) await keyctl(['timeout', id, String(left)]);
  }
  return ids;
}

interface NewKey {
  /** The first one that the kernel supports is used. */
  readonly types: readonly string[];
  readonly name: string;
  readonly ring: string;
}

async function addKey(
  keyctl: Keyctl,
  { types, name, ring }: NewKey,
  payload: Uint8Array,
): Promise<{ readonly id: string; readonly type: string }> {
  const [type = 'user', ...others] = types;
  try {
    return { id: (await keyctl(['padd', type, name, ring], payload)).trim(), type };
  } catch (error) {
    if (others.length === 0 || !isUnsupported(error)) throw error;
    return addKey(keyctl, { types: others, name, ring }, payload);
  }
}

/** The ids of keys in a keyring that were neither listed nor written since, because they have expired. */
async function expiredIn(
  keyctl: Keyctl,
  ring: KeyNode,
  written: ReadonlySet<string>,
): Promise<readonly string[]> {
  const shown = new Set(ring.children.map(({ id }) => id));
  const ids = (await keyctl(['rlist', ring.id])).split(/\s+/).filter(id => /^\d+$/.test(id));
  const unknown = ids.filter(id => !shown.has(id) && !written.has(id));
  const gone = await Promise.all(unknown.map(id => isGoneKey(keyctl, id)));
  return unknown.filter((_, i) => gone[i]);
}

async function isGoneKey(keyctl: Keyctl, id: string): Promise<boolean> {
  try {
    await keyctl(['describe', id]);
    return false;
  } catch (error) {
    return isGone(error);
  }
}

/** Makes the kernel remove a cache when nothing in it is valid any more, as the native library does. */
async function expireWithLast(
  keyctl: Keyctl,
  ring: string,
  credentials: readonly Credential[],
): Promise<void> {
  const tickets = credentials.filter(({ endtime }) => endtime.getTime() > 0);
  if (tickets.length === 0) return;
  const left = Math.max(1, ...tickets.map(secondsLeft));
  await keyctl(['timeout', ring, String(left)]);
}

/** By the kernel's clock, which determines these times; limited to what keyctl accepts. */
function secondsLeft({ endtime }: Credential): number {
  return Math.min(0x7fffffff, Math.floor(endtime.getTime() / 1000) - Math.floor(Date.now() / 1000));
}

/** Ignores keys that have gone already. */
async function unlink(keyctl: Keyctl, id: string, ring: string): Promise<void> {
  try {
    await keyctl(['unlink', id, ring]);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
