import { KcmFailure } from '../ccache/kcm-failure.ts';
import { KCM_RESULT } from '../ccache/kcm-protocol.ts';
import type { SealedCaches } from '../ccache/sealed-caches.ts';

/** Longer names would not fit the sealed file. */
const MAX_NAME = 1024;

/** The default cache: the primary one, else the first there is, else that of the user's number, which is not there. */
export function defaultName({ primary, members }: SealedCaches, uid: number): string {
  if (members.has(primary)) return primary;
  const [first] = members.keys();
  return first ?? String(uid);
}

/**
 * The cache that a name stands for, undefined where it is not there. No name, as Heimdal sends it, and the bare number
 * stand for the default.
 */
export function knownName(name: string, caches: SealedCaches, uid: number): string | undefined {
  if (caches.members.has(name)) return name;
  const meant = isDefault(name, uid) ? defaultName(caches, uid) : name;
  return caches.members.has(meant) ? meant : undefined;
}

/** The same; throws KcmFailure where it is not there. */
export function existingName(name: string, caches: SealedCaches, uid: number): string {
  const found = knownName(name, caches, uid);
  if (found === undefined) throw new KcmFailure(KCM_RESULT.NOFILE, `KCM:${name}`);
  return found;
}

/** The name of a cache to be made or replaced. */
export function newName(name: string, caches: SealedCaches, uid: number): string {
  if (Buffer.byteLength(name) > MAX_NAME) throw new KcmFailure(KCM_RESULT.BADNAME, `KCM:${name}`);
  return name === '' ? defaultName(caches, uid) : name;
}

function isDefault(name: string, uid: number): boolean {
  return name === '' || name === String(uid);
}
