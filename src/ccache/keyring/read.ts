import { CcacheError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import type { CacheContents } from '../ccache.ts';
import { isForbidden, isGone } from './failure.ts';
import type { Keyctl } from './keyctl.ts';
import {
  CREDENTIAL_TYPES,
  decodeCredential,
  decodeOffset,
  decodePrimary,
  decodePrincipal,
  isKeyNameOf,
  OFFSETS_KEY,
  PRIMARY_KEY,
  PRINCIPAL_KEY,
  parsePrinted,
} from './keys.ts';
import { firstSubsidiary, formatKeyringName, type KeyringName, type SubsidiaryName } from './name.ts';
import type { KeyringPlace } from './place.ts';
import type { KeyNode } from './tree.ts';

/** A cache that has been read. */
export interface KeyringCache {
  readonly ring: KeyNode;
  readonly contents: CacheContents;
  /** The key of each credential. */
  readonly keys: ReadonlyMap<Credential, KeyNode>;
}

/** How often to try again if the cache is replaced while it is read. */
const MAX_TRIES = 5;

/**
 * Reads a cache of a collection, with the credentials for `servers` alone if these are given. Throws CcacheError
 * CACHE_NOT_FOUND, CACHE_FORMAT or CACHE_IO.
 */
export async function readCache(
  place: KeyringPlace,
  collection: KeyNode | undefined,
  name: SubsidiaryName,
  servers?: readonly Principal[],
): Promise<KeyringCache> {
  const isWanted = servers === undefined ? isCredentialKey : isFor(servers);
  let found = collection;
  for (let tries = 1; ; tries++) {
    const ring = found && findCache(found, name);
    if (ring === undefined || findKey(ring, PRINCIPAL_KEY) === undefined) throw notFound(name);
    const { cache, complete } = await readRing(place.keyctl, ring, isWanted);
    if (cache !== undefined && (complete || tries === MAX_TRIES)) return cache;
    if (tries === MAX_TRIES) throw notFound(name);
    found = await place.collection();
  }
}

/** Incomplete if a key has gone since it was listed. */
async function readRing(
  keyctl: Keyctl,
  ring: KeyNode,
  isWanted: (key: KeyNode) => boolean,
): Promise<{ readonly cache: KeyringCache | undefined; readonly complete: boolean }> {
  const nodes = ring.children.filter(isWanted);
  const [owner, offset, ...payloads] = await Promise.all([
    readKey(keyctl, ring, PRINCIPAL_KEY),
    readKey(keyctl, ring, OFFSETS_KEY),
    ...nodes.map(({ id }) => readPayload(keyctl, id)),
  ]);
  if (owner === undefined) return { cache: undefined, complete: false };
  const keys = new Map<Credential, KeyNode>();
  for (const [i, payload] of payloads.entries()) {
    const credential = payload && decodeCredential(payload);
    if (credential !== undefined) keys.set(credential, nodes[i]!);
  }
  const contents = {
    principal: decodePrincipal(owner),
    credentials: [...keys.keys()],
    kdcOffset: offset && decodeOffset(offset),
  };
  return { cache: { ring, contents, keys }, complete: payloads.every(payload => payload !== undefined) };
}

/** The keyring of a cache, whether or not it has been filled. */
export function findCache(
  { children }: Pick<KeyNode, 'children'>,
  { subsidiary }: SubsidiaryName,
): KeyNode | undefined {
  return children.find(node => isRing(node) && node.name === subsidiary);
}

export function notFound(name: SubsidiaryName): CcacheError {
  const residual = formatKeyringName(name);
  const sentence = `Credentials cache keyring '${residual}' not found`;
  return new CcacheError('CACHE_NOT_FOUND', sentence, `KEYRING:${residual}`);
}

/**
 * The name of the primary cache of a collection, whether or not it exists. Throws CcacheError CACHE_FORMAT or
 * CACHE_VERSION.
 */
export async function primaryName(
  keyctl: Keyctl,
  collection: KeyNode | undefined,
  name: KeyringName,
): Promise<SubsidiaryName> {
  const payload = collection && (await readKey(keyctl, collection, PRIMARY_KEY));
  return { ...name, subsidiary: payload ? decodePrimary(payload) : firstSubsidiary(name) };
}

/** The caches of a collection, the primary first. */
export function cacheNames(collection: KeyNode, primary: SubsidiaryName): readonly SubsidiaryName[] {
  const names = collection.children.filter(isRing).map(ring => ring.name);
  const others = names.filter(subsidiary => subsidiary !== primary.subsidiary);
  const first = others.length < names.length ? [primary] : [];
  return [...first, ...others.map(subsidiary => ({ ...primary, subsidiary }))];
}

export function findKey(ring: KeyNode, name: string): KeyNode | undefined {
  return ring.children.find(node => node.type === 'user' && node.name === name);
}

async function readKey(keyctl: Keyctl, ring: KeyNode, name: string): Promise<Uint8Array | undefined> {
  const key = findKey(ring, name);
  return key && readPayload(keyctl, key.id);
}

/** Undefined for a key that has expired or been removed since it was listed, and for foreign keys. */
async function readPayload(keyctl: Keyctl, id: string): Promise<Uint8Array | undefined> {
  try {
    return parsePrinted(await keyctl(['print', id]));
  } catch (error) {
    if (isGone(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

function isRing({ type }: KeyNode): boolean {
  return type === 'keyring';
}

function isFor(servers: readonly Principal[]): (key: KeyNode) => boolean {
  const names = servers.map(server => formatPrincipal(server));
  return key => isCredentialKey(key) && names.some(name => isKeyNameOf(key.name, name));
}

function isCredentialKey({ type, name }: KeyNode): boolean {
  return CREDENTIAL_TYPES.includes(type) && name !== PRINCIPAL_KEY && name !== OFFSETS_KEY;
}
