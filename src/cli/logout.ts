import { existsSync } from 'node:fs';
import { ccacheName } from '../ccache/ccache.ts';
import { hasSealedTickets, probeKeychain } from '../ccache/probe.ts';
import { resolveCcache } from '../ccache/resolve.ts';
import type { SealedStore } from '../ccache/sealed-store.ts';
import { KerberosError } from '../errors.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { ActivityError, type Arguments, type Command, during, UsageError } from './command.ts';
import { defaultCacheName } from './default-cache.ts';
import { isAbsent, readableContents } from './named-caches.ts';
import { tellError } from './run-command.ts';
import { printable } from './sentences.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { usualCacheFiles } from './usual-files.ts';

/** logout: destroys every cache of the user and the keychain's key. */
export const logout: Command = {
  name: 'krb5kit logout',
  summary: 'Destroy every ticket and key of yours on this machine.',
  operands: '',
  usageStatus: 2,
  options: [{ flags: '-q, --quiet', text: 'Print nothing but errors.' }],
  run,
};

/** Says what has been destroyed. */
type Say = (what: string) => void;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`krb5kit logout: what is "${args.operands[0]}"?`);
  const session = openSession(io);
  let status = 0;
  let destroyed = 0;
  const say: Say = what => {
    destroyed++;
    if (!args.has('quiet')) io.out(`${printable(`Destroyed ${what}`)}\n`);
  };
  // Whatever goes wrong with one of them, the others are destroyed.
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof ActivityError && isAbsent(error.cause)) return;
      tellError('krb5kit logout', error, io);
      status = 1;
    }
  };
  for (const name of await cacheNames(session)) await attempt(() => destroyNamed(name, session, say));
  await attempt(() => destroySealed(session, say));
  if (destroyed === 0 && status === 0 && !args.has('quiet')) io.out('No credential caches found\n');
  return status;
}

/** The default cache, and the files that native tools leave in their usual place; the sealed ones go together. */
async function cacheNames(session: Session): Promise<readonly string[]> {
  const { uid, cacheDirectory } = session.io;
  const named = await defaultCacheName(session, { reading: true });
  const usual = uid === undefined ? [] : usualCacheFiles(cacheDirectory, uid);
  return [...new Set([named, ...usual.map(path => `FILE:${path}`)])].filter(
    name => !name.startsWith('KEYCHAIN:'),
  );
}

function destroyNamed(name: string, session: Session, say: Say): Promise<void> {
  return during(`destroying ${name}`, async () => {
    const cache = await resolveCcache(name, session.caches);
    const contents = await readableContents(cache);
    await cache.destroy();
    say(`${ccacheName(cache)}${contents === undefined ? '' : ` of ${formatPrincipal(contents.principal)}`}`);
  });
}

/** Whether or not they can be opened. A key is looked for without them, too: a locked keychain may have kept it. */
async function destroySealed(session: Session, say: Say): Promise<void> {
  const { io, caches } = session;
  const there = hasSealedTickets(caches.dataDirectory);
  if (!there && !(existsSync(caches.dataDirectory) && (await probeKeychain(io.env, io.platform)).usable))
    return;
  const { sealedStore } = await import('../ccache/sealed-store.ts');
  const store = sealedStore(caches);
  const what = there ? await sealedNames(store) : [];
  try {
    await store.forget();
  } catch (error) {
    const still = hasSealedTickets(caches.dataDirectory);
    if (!still) what.forEach(say);
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
