import { withKeyctl } from './keyring-keyctl.ts';
import { parseKeyTree } from './keyring-tree.ts';

/** A line of `/proc/keys` for a keyring: the owner's number, the group's, and the name with the count of its keys. */
const KEYRING = /^[\da-f]{8} \S+ +\d+ +\S+ [\da-f]{8} +(\d+) +-?\d+ keyring +(.*): (?:empty|\d+)$/;

/** What collections hang by; the one in the persistent keyring has no more of a name. */
const PREFIX = '_krb';

/** The keyrings of a user that outlive sessions and may have collections. */
export interface LastingKeyrings {
  readonly user: boolean;
  readonly persistent: boolean;
}

/** Which of them there are by what `/proc/keys` says, so that where there is no collection keyctl is not asked. */
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
    // To see what is in it takes a way to it from the session's keyring.
    await keyctl(['link', '@u', '@s']);
    const found = parseKeyTree(await keyctl(['show', '@u']))?.children ?? [];
    return found.filter(({ type }) => type === 'keyring').flatMap(({ name }) => collectionNames(name, uid));
  });
}

function collectionNames(ring: string, uid: number): readonly string[] {
  // Where the kernel has no persistent keyrings, theirs is here.
  if (ring === PREFIX) return [`KEYRING:persistent:${uid}`];
  const collection = ring.startsWith(`${PREFIX}_`) ? ring.slice(PREFIX.length + 1) : ':';
  return collection.includes(':') ? [] : [`KEYRING:user:${collection}`];
}
