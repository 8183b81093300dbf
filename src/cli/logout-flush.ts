import { existsSync } from 'node:fs';
import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { hasKeyLeft, hasSealedTickets } from '../ccache/probe.ts';
import { splitCcacheName } from '../ccache/resolve.ts';
import type { SealedStore } from '../ccache/sealed-store.ts';
import { findCcacheType } from '../ccache/types.ts';
import { CcacheError, KerberosError } from '../errors.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { ActivityError, during } from './command.ts';
import { kcmCaches, kcmServers } from './logout-kcm.ts';
import { type Attempt, cacheNames } from './logout-names.ts';
import { cachesAround, isAbsent, readableContents } from './named-caches.ts';
import { tellError } from './run-command.ts';
import { printable } from './sentences.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { probeUserKeychain } from './user-keychain.ts';

/** Says what has been destroyed. */
type Say = (what: string) => void;

/** Destroys every cache of the user and the keychain's key; resolves to the exit status. */
export async function flushTickets(io: Io, { quiet }: { readonly quiet: boolean }): Promise<number> {
  const session = openSession(io);
  let status = 0;
  let destroyed = 0;
  const say: Say = what => {
    destroyed++;
    if (!quiet) io.out(`${printable(`Destroyed ${what}`)}\n`);
  };
  // Whatever goes wrong with one of them, the others are destroyed.
  const attempt: Attempt = async work => {
    try {
      await work();
    } catch (error) {
      if (error instanceof ActivityError && isAbsent(error.cause)) return;
      tellError('krb5kit logout', error, io);
      status = 1;
    }
  };
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
  if (destroyed === 0 && status === 0 && !quiet) io.out('No credential caches found\n');
  return status;
}

/** Whether its caches go with all others of the keychain, or of a server. */
function isServed(name: string): boolean {
  return name.startsWith('KEYCHAIN:') || name.startsWith('KCM:');
}

/** Those of the collection that a name stands for; the one where it stands for none. */
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
    const contents = await readableContents(cache);
    await cache.destroy();
    say(contents === undefined ? name : `${name} of ${formatPrincipal(contents.principal)}`);
  });
}

/** Whether or not they can be opened. A key is looked for without them, too: a locked keychain may have kept it. */
async function destroySealed(
  session: Session,
  say: Say,
  { quiet }: { readonly quiet: boolean },
): Promise<void> {
  const { io, caches } = session;
  const there = hasSealedTickets(caches.dataDirectory);
  const keyLeft = hasKeyLeft(caches.dataDirectory);
  if (!there && !keyLeft) {
    if (!existsSync(caches.dataDirectory) || !(await probeUserKeychain(io, caches.dataDirectory)).usable)
      return;
  }
  const { sealedStore } = await import('../ccache/sealed-store.ts');
  const store = sealedStore(caches);
  // To tell their names takes the key, which the user may have to be asked for.
  const names = () => (quiet ? ['sealed tickets'] : sealedNames(store));
  const what = there ? await names() : keyLeft ? ['the key of sealed tickets'] : [];
  try {
    await store.forget();
  } catch (error) {
    const still = hasSealedTickets(caches.dataDirectory);
    if (there && !still) what.forEach(say);
    throw new ActivityError(
      still ? 'destroying sealed tickets' : 'deleting the key of sealed tickets',
      error,
    );
  }
  what.forEach(say);
}

async function sealedNames(store: SealedStore): Promise<readonly string[]> {
  try {
    const { members } = await store.read();
    return [...members].map(
      ([name, { principal }]) =>
        `${ccacheName({ type: 'KEYCHAIN', residual: name })} of ${formatPrincipal(principal)}`,
    );
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    return ['sealed tickets that could not be opened'];
  }
}
