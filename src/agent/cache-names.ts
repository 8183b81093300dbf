import { KcmFailure } from '../ccache/kcm/failure.ts';
import { KCM_RESULT } from '../ccache/kcm/protocol.ts';
import type { SealedCaches } from '../ccache/sealed/caches.ts';

/** Longer names would not fit into the sealed file. */
const MAX_NAME = 1024;

/**
 * The default cache: the primary one, else the first one, else the one named after the user's number, which does not
 * exist.
 */
export function defaultName({ primary, members }: SealedCaches, uid: number): string {
  if (members.has(primary)) return primary;
  const [first] = members.keys();
  return first ?? String(uid);
}

/**
 * The cache with a name, undefined if there is none. An empty name, which Heimdal sends, and the bare number mean the
 * default.
 */
export function knownName(name: string, caches: SealedCaches, uid: number): string | undefined {
  if (caches.members.has(name)) return name;
  const meant = isDefault(name, uid) ? defaultName(caches, uid) : name;
  return caches.members.has(meant) ? meant : undefined;
}

/** The same; throws KcmFailure if there is none. */
export function existingName(name: string, caches: SealedCaches, uid: number): string {
  const found = knownName(name, caches, uid);
  if (found === undefined) throw new KcmFailure(KCM_RESULT.NOFILE, `KCM:${name}`);
  return found;
}

/** The name of a cache to be created or replaced. */
export function newName(name: string, caches: SealedCaches, uid: number): string {
  if (Buffer.byteLength(name) > MAX_NAME) throw new KcmFailure(KCM_RESULT.BADNAME, `KCM:${name}`);
  return name === '' ? defaultName(caches, uid) : name;
}

function isDefault(name: string, uid: number): boolean {
  return name === '' || name === String(uid);
}
