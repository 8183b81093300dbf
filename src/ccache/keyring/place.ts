import { isForbidden, isGone, isUnsupported, KeyctlFailure } from './failure.ts';
import { type AtEnd, type Keyctl, withKeyctl } from './keyctl.ts';
import { collectionRing, PERSISTENT_RING } from './keys.ts';
import { formatKeyringName, invalidUid, type KeyringName } from './name.ts';
import { type KeyNode, parseKeyTree } from './tree.ts';

/** The place of a collection, with keyctl for working on it. Keyrings are identified by their ids. */
export interface KeyringPlace {
  readonly keyctl: Keyctl;
  /** The collection's keyring with everything in it; undefined if there is none. */
  collection(): Promise<KeyNode | undefined>;
  /** The id of the collection's keyring, which is created if needed. */
  makeCollection(): Promise<string>;
  /** The session keyring of the user. */
  session(): Promise<string>;
  /** Does work in a private keyring; what has not been linked elsewhere by then disappears. */
  aside<T>(work: (keyring: string) => Promise<T>): Promise<T>;
}

/** Seconds after which the kernel removes leftovers of the work, even if the shell is killed. */
const LONGEST_WORK = 120;

/**
 * Does work on a collection. Throws CcacheError CACHE_NAME for a user whose collection we may not use, and CACHE_IO.
 */
export function withPlace<T>(name: KeyringName, work: (place: KeyringPlace) => Promise<T>): Promise<T> {
  const own = name.anchor === 'session' || name.anchor === 'legacy';
  return own
    ? withKeyctl({ session: 'ours' }, (keyctl, atEnd) => work(inOurSession(keyctl, atEnd, name)))
    : withKeyctl({ session: 'new' }, async keyctl => work(await inNewSession(keyctl, name)));
}

function inOurSession(keyctl: Keyctl, atEnd: AtEnd, { collection }: KeyringName): KeyringPlace {
  let found: Promise<string> | undefined;
  // If the user has no session but the default one, writing to `@s` would create another.
  const session = (): Promise<string> => {
    found ??= keyctl(['show', '@s']).then(text => parseKeyTree(text)?.id ?? '@s');
    return found;
  };
  const name = collectionRing(collection);
  return {
    keyctl,
    session,
    collection: () => treeIn(keyctl, '@s', name),
    makeCollection: async () => (await search(keyctl, '@s', name)) ?? makeRing(keyctl, name, await session()),
    async aside(work) {
      const anchor = await session();
      const label = `krb5kit-${Math.random().toString(36).slice(2)}`;
      atEnd(['unlink', `%:${label}`, anchor]);
      const ring = await makeRing(keyctl, label, anchor);
      try {
        await keyctl(['timeout', ring, String(LONGEST_WORK)]);
        return await work(ring);
      } finally {
        await keyctl(['unlink', ring, anchor]);
      }
    },
  };
}

/**
 * The contents of the user's and the persistent keyring are accessible only if these are linked to the session's
 * keyring.
 */
async function inNewSession(keyctl: Keyctl, name: KeyringName): Promise<KeyringPlace> {
  const anchor = name.anchor === 'user' ? await linkUser(keyctl) : await linkPersistent(keyctl, name);
  const ring = name.anchor === 'user' ? collectionRing(name.collection) : PERSISTENT_RING;
  return {
    keyctl,
    session: async () => '@s',
    collection: () => treeIn(keyctl, anchor, ring),
    makeCollection: async () => (await search(keyctl, anchor, ring)) ?? makeRing(keyctl, ring, anchor),
    aside: work => work('@s'),
  };
}

async function linkUser(keyctl: Keyctl): Promise<string> {
  await keyctl(['link', '@u', '@s']);
  return '@u';
}

async function linkPersistent(keyctl: Keyctl, name: KeyringName): Promise<string> {
  const own = String(process.geteuid?.() ?? '');
  const uid = name.collection || own;
  try {
    return (await keyctl(['get_persistent', '@s', uid])).trim();
  } catch (error) {
    if (isUnsupported(error) && uid === own) return linkUser(keyctl);
    const refused = isForbidden(error) || isUnsupported(error);
    throw refused ? invalidUid(formatKeyringName(name), error) : error;
  }
}

async function treeIn(keyctl: Keyctl, anchor: string, name: string): Promise<KeyNode | undefined> {
  const id = await search(keyctl, anchor, name);
  return id === undefined ? undefined : parseKeyTree(await keyctl(['show', id]));
}

/** The keyring of a name in `anchor` or below it; undefined if there is none. */
export async function search(keyctl: Keyctl, anchor: string, name: string): Promise<string | undefined> {
  try {
    return (await keyctl(['search', anchor, 'keyring', name])).trim();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Replaces one with the same name. */
export async function makeRing(keyctl: Keyctl, name: string, parent: string): Promise<string> {
  const id = (await keyctl(['newring', name, parent])).trim();
  if (!/^\d+$/.test(id)) throw new KeyctlFailure('keyctl made a keyring and does not tell which');
  return id;
}
