import { type Ccache, type CcacheCollection, ccacheName } from '../../ccache/ccache.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { anonymousPrincipal } from '../../messages/anonymous.ts';
import { NT_ENTERPRISE } from '../../messages/numbers.ts';
import { formatPrincipal, type Principal, samePrincipal } from '../../messages/principal.ts';
import { ActivityError, type Arguments, during } from '../command.ts';
import { defaultCacheName } from '../default-cache.ts';
import { namedCache } from '../named-cache.ts';
import { collectionOf } from '../named-caches.ts';
import { defaultRealmOf, principalOf, type Session, userPrincipal } from '../session.ts';

/** Whose ticket is to be got, and where it is to be kept. */
export interface Target {
  readonly principal: Principal;
  /** The principal in text form. */
  readonly name: string;
  readonly cache: Ccache;
  /** Makes the cache the primary one, where it belongs to a collection. */
  readonly makePrimary: (() => Promise<void>) | undefined;
}

interface Wishes {
  readonly withKeytab: boolean;
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

/** Nobody is to type a password for a ticket that cannot be kept. */
async function checkSealed({ caches }: Session): Promise<void> {
  const { sealedStore } = await import('../../ccache/sealed-store.ts');
  await sealedStore(caches).prepare();
}

/** A cache by the name that an option gives. */
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
  { withKeytab }: Wishes,
): Promise<Principal | undefined> {
  const [text] = args.operands;
  if (args.has('n') && text?.startsWith('@')) return anonymousPrincipal(text.slice(1));
  if (text !== undefined) return parseOperand(text, args, session);
  if (args.has('n')) return anonymousIn(args, session);
  if (!withKeytab) return undefined;
  if (args.has('i')) return clientKeytabOwner(session);
  const { hostPrincipal } = await import('../host-principal.ts');
  return hostPrincipal('host', undefined, session);
}

/** The first principal of the client keytab. */
async function clientKeytabOwner(session: Session): Promise<Principal> {
  const { clientKeytab } = await import('../keytabs.ts');
  const keytab = clientKeytab(session, { activity: 'resolving the default client keytab', joint: 'When' });
  try {
    const [first] = await keytab.entries();
    if (first === undefined) throw new KerberosError('KEYTAB_NO_KEY', 'Key table entry not found');
    return first.principal;
  } catch (error) {
    throw new ActivityError('determining client principal name from keytab', error, 'When');
  }
}

/** The anonymous principal of the default realm; the name of none is parsed, to fail as any name does. */
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

/** Whose cache it is; undefined where there is none. */
async function principalIn(cache: Ccache): Promise<Principal | undefined> {
  try {
    return (await cache.load()).principal;
  } catch (error) {
    // A broken cache is about to be replaced; that nobody could tell whose it was is no reason to keep it.
    if (error instanceof CcacheError && error.cache !== undefined && !error.code.startsWith('KEYCHAIN_'))
      return undefined;
    throw error;
  }
}

/** The collection's cache for the principal, or a new one where the default one is another's. */
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
  // What is primary may be another's by the time it is written, so that one without a name is never the first.
  if (fallback.residual !== '' && (await principalIn(fallback)) === undefined) return undefined;
  const created = await during('generating new ccache', () => collection.create(principal));
  say(`Using new cache: ${shown(created)}`);
  return created;
}

/** A cache's name without its type, as MIT shows it here, where there is more of it. */
function shown(cache: Ccache): string {
  return cache.type === 'KEYCHAIN' && cache.residual === '' ? ccacheName(cache) : cache.residual;
}
