import { existsSync, lstatSync } from 'node:fs';
import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { readableHead } from '../../ccache/head.ts';
import { hasKeyLeft, hasSealedTickets } from '../../ccache/keychain/probe.ts';
import { splitCcacheName } from '../../ccache/resolve.ts';
import { sealedPath } from '../../ccache/sealed/path.ts';
import type { SealedStore } from '../../ccache/sealed/store.ts';
import { findCcacheType } from '../../ccache/types.ts';
import { printable } from '../../codec/text.ts';
import { CcacheError, KerberosError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { cachesAround, isAbsent } from '../../local/caches/named-caches.ts';
import { probeUserKeychain } from '../../local/user/keychain.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import type { Arguments } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { tellShortly } from '../run-command.ts';
import { openSession, type Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { kcmCaches, kcmServers } from './kcm.ts';
import { type Attempt, cacheNames } from './names.ts';

/** What has been destroyed: a cache, or what `what` says. */
interface Destroyed {
  readonly what: string;
  readonly cache?: string;
  readonly principal?: Principal;
}

/** Says so. */
type Say = (destroyed: Destroyed) => void;

/** Destroys every cache of the user and the keychain's key; resolves to the exit status. */
export async function flushTickets(args: Arguments, io: Io): Promise<number> {
  const quiet = args.has('quiet');
  const inJson = args.has('json');
  let status = 0;
  const done: Destroyed[] = [];
  const say: Say = destroyed => {
    done.push(destroyed);
    if (!quiet && !inJson) io.out(`${printable(`Destroyed ${textOf(destroyed)}`)}\n`);
  };
  // Whatever fails for one of them, the others are destroyed.
  const attempt: Attempt = async work => {
    try {
      await work();
    } catch (error) {
      if (error instanceof ActivityError && isAbsent(error.cause)) return;
      status = 1;
      await tellShortly({ program: 'krb5kit logout', error, exitStatus: 1 }, args, io);
    }
  };
  const session = await openAnyway(io, attempt);
  const flush = async (list: () => Promise<readonly Ccache[]>): Promise<void> => {
    let caches: readonly Ccache[] = [];
    await attempt(async () => {
      caches = await list();
    });
    for (const cache of caches) await attempt(() => destroy(cache, say));
  };
  const names = await cacheNames(session, attempt);
  for (const name of names) if (!isServed(name)) await flush(() => cachesOf(name, session));
  await attempt(() => destroySealed(session, say, { quiet }));
  // Once the sealed tickets are gone, our agent need not ask the keychain for them.
  const isNamed = names.some(name => name.startsWith('KCM:'));
  for (const server of kcmServers(session, isNamed)) await flush(() => kcmCaches(server, session));
  if (inJson) {
    if (!quiet) io.out(lineOfJson({ destroyed: done.map(destroyedJson) }));
  } else if (done.length === 0 && status === 0 && !quiet) io.out('No credential caches found\n');
  return status;
}

function textOf({ what, principal }: Destroyed): string {
  return principal === undefined ? what : `${what} of ${formatPrincipal(principal)}`;
}

function destroyedJson({ what, cache, principal }: Destroyed): object {
  return {
    what,
    cache: cache ?? null,
    principal: principal === undefined ? null : formatPrincipal(principal),
  };
}

/** Whether the cache is destroyed together with all others in the keychain, or on a server. */
function isServed(name: string): boolean {
  return name.startsWith('KEYCHAIN:') || name.startsWith('KCM:');
}

/** Without a configuration if that cannot be read: most caches can be found all the same. */
async function openAnyway(io: Io, attempt: Attempt): Promise<Session> {
  let session: Session | undefined;
  await attempt(async () => {
    session = openSession(io);
  });
  return session ?? openSession(Object.create(io, { env: { value: { ...io.env, KRB5_CONFIG: '' } } }));
}

/** The caches of the collection with this name; the single cache if it is not a collection. */
function cachesOf(name: string, session: Session): Promise<readonly Ccache[]> {
  return during(`destroying ${name}`, async () => {
    if ((await findCcacheType(splitCcacheName(name).type)) === undefined) {
      throw new CcacheError('CACHE_TYPE_UNKNOWN', 'Unknown credential cache type', name);
    }
    return cachesAround(name, session);
  });
}

function destroy(cache: Ccache, say: Say): Promise<void> {
  const name = ccacheName(cache);
  return during(`destroying ${name}`, async () => {
    const head = await readableHead(cache);
    await cache.destroy();
    say({ what: name, cache: name, ...(head && { principal: head.principal }) });
  });
}

/**
 * Destroys them even if they cannot be opened. A key is deleted even if there are none: a command that was killed may
 * have left it.
 */
async function destroySealed(
  session: Session,
  say: Say,
  { quiet }: { readonly quiet: boolean },
): Promise<void> {
  const { io, caches } = session;
  const there = hasSealedTickets(caches.dataDirectory);
  const keyLeft = hasKeyLeft(caches.dataDirectory);
  if (!there && !keyLeft) {
    if (!existsSync(caches.dataDirectory)) return;
    const use = await probeUserKeychain(io, caches.dataDirectory);
    // Nobody is to unlock it for a key that is hardly ever there.
    if (!use.usable || use.locked) return;
  }
  const { sealedStore } = await import('../../ccache/sealed/store.ts');
  const store = sealedStore(caches);
  // Their names can be shown only with the key, for which the user may have to be asked.
  const members = () => (quiet ? [{ what: 'sealed tickets' }] : sealedMembers(store));
  const what = there ? await members() : keyLeft ? [{ what: 'the key of sealed tickets' }] : [];
  try {
    await store.forget();
  } catch (error) {
    const isGone = isWithout(sealedPath(caches.dataDirectory));
    if (there && isGone) what.forEach(say);
    if (isGone || !(error instanceof CcacheError)) {
      throw new ActivityError('deleting the key of sealed tickets', error);
    }
    if (error.code !== 'CACHE_BUSY') await forgetKey(store, say);
    throw new ActivityError('destroying sealed tickets', error);
  }
  what.forEach(say);
}

/** Whether there certainly is nothing by that name. */
function isWithout(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** Of tickets whose file cannot be removed, as on a read-only file system; they are worthless then. */
async function forgetKey(store: SealedStore, say: Say): Promise<void> {
  try {
    if (await store.forgetKey()) say({ what: 'the key of sealed tickets' });
  } catch (error) {
    // What kept the file is told.
    if (!(error instanceof KerberosError)) throw error;
  }
}

async function sealedMembers(store: SealedStore): Promise<readonly Destroyed[]> {
  try {
    const { members } = await store.read();
    return [...members].map(([name, { principal }]) => {
      const cache = ccacheName({ type: 'KEYCHAIN', residual: name });
      return { what: cache, cache, principal };
    });
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return [{ what: 'sealed tickets that could not be opened' }];
  }
}
