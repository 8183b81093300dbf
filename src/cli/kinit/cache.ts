import { type Ccache, type CcacheCollection, ccacheName } from '../../ccache/ccache.ts';
import { headOf } from '../../ccache/head.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { defaultCacheName } from '../../local/caches/default-cache.ts';
import { namedCache } from '../../local/caches/named-cache.ts';
import { collectionOf } from '../../local/caches/named-caches.ts';
import { defaultRealmOf, principalOf, userPrincipal } from '../../local/session.ts';
import { anonymousPrincipal } from '../../messages/anonymous.ts';
import { NT_ENTERPRISE } from '../../messages/numbers.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';

/** The principal to get a ticket for, and the cache for it. */
export interface Target {
  readonly principal: Principal;
  /** The principal in text form. */
  readonly name: string;
  readonly cache: Ccache;
  /** Makes the cache the primary one, if it belongs to a collection. */
  readonly makePrimary: (() => Promise<void>) | undefined;
}

interface Wishes {
  readonly withKeytab: boolean;
  /** The principal if the command line names none. */
  readonly owner?: Principal | undefined;
  say(line: string): void;
}

/**
 * Chooses as MIT does. The principal: the argument's, else with a keytab its first or the host's, else that of the
 * cache, else the user's name. The cache: the one named, else in a collection the principal's own or a new one, else
 * the default.
 */
export async function chooseCache(args: Arguments, session: Session, wishes: Wishes): Promise<Target> {
  const named = args.value('c');
  const name = named ?? (await defaultCacheName(session, { reading: false, say: wishes.say }));
  const cache =
    named === undefined
      ? await namedCache(name, session, 'getting default ccache')
      : await specifiedCache(name, session);
  if (cache.type === 'KEYCHAIN') await checkSealed(session);
  const given = await givenPrincipal(args, session, wishes);
  const principal = given ?? (await principalIn(cache)) ?? (await userPrincipal(session));
  const target = { principal, name: formatPrincipal(principal), cache, makePrimary: undefined };
  if (named !== undefined) {
    wishes.say(`Using specified cache: ${named}`);
    return target;
  }
  if (given === undefined && (await principalIn(cache)) !== undefined) return target;
  const collection = await collectionOf(name, session);
  if (collection !== undefined) {
    const member = await memberFor(principal, collection, cache, wishes);
    if (member !== undefined) {
      return { ...target, cache: member, makePrimary: () => collection.setPrimary(member) };
    }
  }
  wishes.say(`Using default cache: ${shown(cache)}`);
  return target;
}

/** Fails early, so that nobody types a password for a ticket that cannot be stored. */
async function checkSealed({ caches }: Session): Promise<void> {
  const { sealedStore } = await import('../../ccache/sealed/store.ts');
  await sealedStore(caches).prepare();
}

/** The cache that an option names. */
export async function specifiedCache(name: string, session: Session): Promise<Ccache> {
  try {
    return await namedCache(name, session);
  } catch (error) {
    if (!(error instanceof ActivityError)) throw error;
    throw new ActivityError(error.activity, error.cause, '');
  }
}

async function givenPrincipal(
  args: Arguments,
  session: Session,
  { withKeytab, owner }: Wishes,
): Promise<Principal | undefined> {
  const [text] = args.operands;
  if (args.has('n') && text?.startsWith('@')) return anonymousPrincipal(text.slice(1));
  if (text !== undefined) return parseOperand(text, args, session);
  if (args.has('n')) return anonymousIn(args, session);
  if (owner !== undefined || !withKeytab) return owner;
  if (args.has('i')) return clientKeytabOwner(session);
  const { hostPrincipal } = await import('../../local/host-principal.ts');
  return hostPrincipal('host', undefined, session);
}

/** The first principal of the client keytab. */
async function clientKeytabOwner(session: Session): Promise<Principal> {
  const { clientKeytab } = await import('../../local/keytabs.ts');
  const keytab = clientKeytab(session, { activity: 'resolving the default client keytab', joint: 'When' });
  try {
    const [first] = await keytab.entries();
    if (first === undefined) throw new KerberosError('KEYTAB_NO_KEY', 'Key table entry not found');
    return first.principal;
  } catch (error) {
    throw new ActivityError('determining client principal name from keytab', error, 'When');
  }
}

/** The anonymous principal of the default realm. Without a default realm, parsing the name fails as for any name. */
async function anonymousIn(args: Arguments, session: Session): Promise<Principal> {
  const realm = await defaultRealmOf(session);
  return realm === undefined ? parseOperand('', args, session) : anonymousPrincipal(realm);
}

async function parseOperand(text: string, args: Arguments, session: Session): Promise<Principal> {
  try {
    return await principalOf(text, session, { nameType: args.has('enterprise') ? NT_ENTERPRISE : undefined });
  } catch (error) {
    throw new ActivityError(`parsing name ${text}`, error, 'when');
  }
}

/** The principal of a cache; undefined if there is no cache. */
export async function principalIn(cache: Ccache): Promise<Principal | undefined> {
  try {
    return (await headOf(cache)).principal;
  } catch (error) {
    // A broken cache is about to be replaced, even though its principal is unknown.
    if (error instanceof CcacheError && error.cache !== undefined && !error.code.startsWith('KEYCHAIN_'))
      return undefined;
    throw error;
  }
}

/** The collection's cache for the principal, or a new one if the default cache belongs to another principal. */
export async function memberFor(
  principal: Principal,
  collection: CcacheCollection,
  fallback: Ccache,
  { say }: Pick<Wishes, 'say'>,
): Promise<Ccache | undefined> {
  for (const cache of await collection.list()) {
    const owner = await principalIn(cache);
    if (owner === undefined || !samePrincipal(owner, principal)) continue;
    say(`Using existing cache: ${shown(cache)}`);
    return cache;
  }
  // The primary cache may belong to another principal by the time it is written, so only a named one is used at once.
  if (fallback.residual !== '' && (await principalIn(fallback)) === undefined) return undefined;
  const created = await during('generating new ccache', () => collection.create(principal));
  const isNew = (await principalIn(created)) === undefined;
  say(`Using ${isNew ? 'new' : 'existing'} cache: ${shown(created)}`);
  return created;
}

/** A cache's name without its type, as MIT shows it here, unless nothing else remains. */
function shown(cache: Ccache): string {
  return cache.type === 'KEYCHAIN' && cache.residual === '' ? ccacheName(cache) : cache.residual;
}
