import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { hasSealedTickets } from '../ccache/probe.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { ActivityError, type Arguments, type Command, UsageError } from './command.ts';
import { defaultCacheName } from './default-cache.ts';
import { cachesAround, isAbsent, readableContents } from './named-caches.ts';
import { tellError } from './run-command.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

/** logout: destroys every cache of the user and the keychain's key. */
export const logout: Command = {
  name: 'krb5kit logout',
  summary: 'Destroy every ticket and key of yours on this machine.',
  operands: '',
  usageStatus: 2,
  options: [{ flags: '-q, --quiet', text: 'Print nothing but errors.' }],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`krb5kit logout: what is "${args.operands[0]}"?`);
  const session = openSession(io);
  const say = (line: string): void => {
    if (!args.has('quiet')) io.out(`${line}\n`);
  };
  let status = 0;
  let destroyed = 0;
  const attempt = async (activity: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (isAbsent(error)) return;
      tellError('krb5kit logout', new ActivityError(activity, error), io);
      status = 1;
    }
  };
  for (const name of await cacheNames(session)) {
    await attempt(`destroying ${name}`, async () => {
      for (const cache of await cachesAround(name, session)) {
        const owner = await ownerOf(cache);
        await cache.destroy();
        destroyed++;
        say(`Destroyed ${ccacheName(cache)}${owner}`);
      }
    });
  }
  // What could not be opened, for want of its key or of the keychain, is no use to anybody any more.
  if (hasSealedTickets(session.caches.dataDirectory)) {
    await attempt('destroying sealed tickets', async () => {
      const { sealedStore } = await import('../ccache/sealed-store.ts');
      await sealedStore(session.caches).forget();
      destroyed++;
      say('Destroyed sealed tickets that could not be opened');
    });
  }
  if (destroyed === 0 && status === 0) say('No credential caches found');
  return status;
}

/** The default cache, the keychain's, and the files that native tools leave in their usual place. */
async function cacheNames(session: Session): Promise<readonly string[]> {
  const named = await defaultCacheName(session, { reading: true });
  const sealed = hasSealedTickets(session.caches.dataDirectory) ? ['KEYCHAIN:'] : [];
  return [...new Set([named, ...sealed, ...usualFiles(session)])];
}

/** `/tmp/krb5cc_UID` and `/tmp/krb5cc_UID_*`, where they are the user's own. */
function usualFiles({ io }: Session): readonly string[] {
  if (io.uid === undefined) return [];
  const usual = new RegExp(`^krb5cc_${io.uid}(_.*)?$`);
  return readdirSync('/tmp')
    .filter(name => usual.test(name))
    .map(name => join('/tmp', name))
    .filter(path => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isFile() && found.uid === io.uid;
    })
    .map(path => `FILE:${path}`);
}

async function ownerOf(cache: Ccache): Promise<string> {
  const contents = await readableContents(cache);
  return contents === undefined ? '' : ` of ${formatPrincipal(contents.principal)}`;
}
