import { withKeyctl } from './keyctl.ts';
import { parseKeyTree } from './tree.ts';

/** A line of `/proc/keys` for a keyring: the numbers of owner and group, and the name with the count of its keys. */
const KEYRING = /^[\da-f]{8} \S+ +\d+ +\S+ [\da-f]{8} +(\d+) +-?\d+ keyring +(.*): (?:empty|\d+)$/;

/** The prefix of the keyrings with collections; that of the persistent keyring is the whole name. */
const PREFIX = '_krb';

/** A user's keyrings that outlive sessions and may contain collections. */
export interface LastingKeyrings {
  readonly user: boolean;
  readonly persistent: boolean;
}

/** Which of them exist according to `/proc/keys`, so that keyctl is not run if there are no collections. */
export function lastingKeyrings(keys: string, uid: number): LastingKeyrings {
  const names = new Set<string>();
  for (const line of keys.split('\n')) {
    const [, owner, name] = KEYRING.exec(line) ?? [];
    if (owner === String(uid) && name !== undefined) names.add(name);
  }
  const any = [...names].some(name => name === PREFIX || name.startsWith(`${PREFIX}_`));
  return { user: any && names.has(`_uid.${uid}`), persistent: any && names.has(`_persistent.${uid}`) };
}

/** The names of the collections in the user's keyring, such as `KEYRING:user:name`. Throws KeyctlFailure. */
export async function userCollections(uid: number): Promise<readonly string[]> {
  return withKeyctl({ session: 'new' }, async keyctl => {
    // Its contents can be seen only if it is linked to the session's keyring.
    await keyctl(['link', '@u', '@s']);
    const found = parseKeyTree(await keyctl(['show', '@u']))?.children ?? [];
    return found.filter(({ type }) => type === 'keyring').flatMap(({ name }) => collectionNames(name, uid));
  });
}

function collectionNames(ring: string, uid: number): readonly string[] {
  // If the kernel has no persistent keyrings, their collections are here.
  if (ring === PREFIX) return [`KEYRING:persistent:${uid}`];
  const collection = ring.startsWith(`${PREFIX}_`) ? ring.slice(PREFIX.length + 1) : ':';
  return collection.includes(':') ? [] : [`KEYRING:user:${collection}`];
}
