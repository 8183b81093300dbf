import { withKeyctl } from './keyctl.ts';
import { collectionRing, PERSISTENT_RING } from './keys.ts';
import { search } from './place.ts';
import { parseKeyTree } from './tree.ts';

/** A line of `/proc/keys` for a keyring: the numbers of owner and group, and the name with the count of its keys. */
const KEYRING = /^[\da-f]{8} \S+ +\d+ +\S+ [\da-f]{8} +(\d+) +-?\d+ keyring +(.*): (?:empty|\d+)$/;

/** A user's keyrings that outlive sessions and may contain collections. */
export interface LastingKeyrings {
  readonly user: boolean;
  readonly persistent: boolean;
}

/** Which of them exist according to `/proc/keys`, so that keyctl is not run if there are no collections. */
export function lastingKeyrings(keys: string, uid: number): LastingKeyrings {
  const names = ownRings(keys, uid);
  const any = [...names].some(name => name === PERSISTENT_RING || name.startsWith(collectionRing('')));
  return { user: any && names.has(`_uid.${uid}`), persistent: any && names.has(`_persistent.${uid}`) };
}

/** The names of the keyrings of a user according to `/proc/keys`. */
function ownRings(keys: string, uid: number): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of keys.split('\n')) {
    const [, owner, name] = KEYRING.exec(line) ?? [];
    if (owner === String(uid) && name !== undefined) names.add(name);
  }
  return names;
}

/**
 * The names of the collections of a user within reach of our session, such as `KEYRING:session:name`. Those of another
 * user, from whose session ours was started, are left out: `/proc/keys` tells the owners. Throws KeyctlFailure.
 */
export async function sessionCollections(keys: string, uid: number): Promise<readonly string[]> {
  const collections = collectionsAmong([...ownRings(keys, uid)]);
  if (collections.length === 0) return [];
  return withKeyctl({ session: 'ours' }, async keyctl => {
    const found: string[] = [];
    for (const collection of collections) {
      // In a session that has ended, there are none any more.
      const ring = await search(keyctl, '@s', collectionRing(collection));
      if (ring !== undefined) found.push(`KEYRING:session:${collection}`);
    }
    return found;
  });
}

/** The names of the collections in the user's keyring, such as `KEYRING:user:name`. Throws KeyctlFailure. */
export async function userCollections(uid: number): Promise<readonly string[]> {
  return withKeyctl({ session: 'new' }, async keyctl => {
    // Its contents can be seen only if it is linked to the session's keyring.
    await keyctl(['link', '@u', '@s']);
    const shown = parseKeyTree(await keyctl(['show', '@u']))?.children ?? [];
    const rings = shown.filter(({ type }) => type === 'keyring').map(({ name }) => name);
    // If the kernel has no persistent keyrings, their collections are here.
    const persistent = rings.includes(PERSISTENT_RING) ? [`KEYRING:persistent:${uid}`] : [];
    return [...persistent, ...collectionsAmong(rings).map(collection => `KEYRING:user:${collection}`)];
  });
}

/** The names of the collections among keyrings. With a colon, one could not be named. */
function collectionsAmong(rings: readonly string[]): readonly string[] {
  const prefix = collectionRing('');
  return rings
    .filter(name => name.startsWith(prefix) && !name.includes(':'))
    .map(name => name.slice(prefix.length));
}
