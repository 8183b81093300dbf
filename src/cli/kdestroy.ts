import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { KerberosError } from '../errors.ts';
import { samePrincipal } from '../messages/principal.ts';
import { brief, briefly } from './brief-error.ts';
import { ActivityError, type Arguments, type Command, during, UsageError } from './command.ts';
import { isExpiredService } from './expired-tickets.ts';
import { discardLost, isKeyLost } from './lost-key.ts';
import { cacheOf, cachesAround, isAbsent, readableContents } from './named-caches.ts';
import { tellError } from './run-command.ts';
import { openSession, principalOf, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { versionOptions } from './version-options.ts';

/** kdestroy: destroys credential caches, or the expired tickets in them. */
export const kdestroy: Command = {
  name: 'kdestroy',
  summary: 'Destroy cached Kerberos tickets.',
  operands: '',
  usageStatus: 2,
  usage: `Usage: kdestroy [-A] [-q] [-c cache_name] [-p princ_name]
\t-A destroy all credential caches in collection
\t-q quiet mode
\t-c specify name of credentials cache
\t-p specify principal name within collection
`,
  options: [
    { flags: '-A', text: 'Destroy every cache of the collection.' },
    { flags: '-q', text: 'Neither ring the bell nor tell of other caches.' },
    { flags: '-c <cache>', text: 'Destroy this cache instead of the default one.' },
    { flags: '-p <principal>', text: "Destroy this principal's cache, out of the collection." },
    { flags: '--expired', text: 'Remove the service tickets that have expired, and leave the rest.' },
    ...versionOptions,
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  checkArguments(args);
  const session = openSession(io);
  return briefly(async () => {
    if (args.has('expired')) return sweep(args, session);
    try {
      return await (args.has('A') ? destroyAll(args, session) : destroyOne(args, session));
    } catch (error) {
      // Whose they are, and so which of them are meant by -p, is not known any more.
      if (args.has('p') || !isKeyLost(error)) throw error;
      await discardLost(session, () => {
        if (!args.has('q')) io.err('All sealed tickets destroyed: the keychain no longer has their key\n');
      });
      return 0;
    }
  });
}

function checkArguments(args: Arguments): void {
  for (const letter of ['c', 'p']) {
    if (args.values(letter).length > 1) throw new UsageError(`Only one -${letter} option allowed`);
  }
  if (args.has('A') && args.has('p')) throw new UsageError('-A option is exclusive with -p option');
  if (args.operands.length > 0) throw new UsageError('');
}

async function destroyOne(args: Arguments, session: Session): Promise<number> {
  const { io } = session;
  const cache = await chosenCache(args, session);
  try {
    await cache.destroy();
  } catch (error) {
    if (isKeyLost(error)) throw error;
    tell(error, 'destroying cache', session);
    if (!isAbsent(error)) {
      const not = args.has('q') ? 'NOT' : '\x07NOT\x07';
      io.err(`Ticket cache ${not} destroyed!\n`);
      return 1;
    }
  }
  const silent = args.has('q') || args.has('p');
  if (!silent && (await anyLeft(args, session))) {
    io.err('Other credential caches present, use -A to destroy all\n');
  }
  return 0;
}

async function destroyAll(args: Arguments, session: Session): Promise<number> {
  let status = 0;
  for (const cache of await cachesAround(args.value('c'), session)) {
    try {
      await cache.destroy();
    } catch (error) {
      if (isAbsent(error)) continue;
      tell(error, `destroying cache ${ccacheName(cache)}`, session);
      status = 1;
    }
  }
  return status;
}

/** Removes expired service tickets, and says how many there were. */
async function sweep(args: Arguments, session: Session): Promise<number> {
  const { io } = session;
  const all = args.has('A');
  const now = io.now();
  let status = 0;
  let count = 0;
  for (const cache of all
    ? await cachesAround(args.value('c'), session)
    : [await chosenCache(args, session)]) {
    try {
      count += await cache.remove(credential => isExpiredService(credential, now));
    } catch (error) {
      if (all && isAbsent(error)) continue;
      tell(error, 'removing expired tickets', session);
      if (isAbsent(error)) return 0;
      status = 1;
    }
  }
  if (status === 0 && !args.has('q')) io.out(`${count} expired ticket${count === 1 ? '' : 's'} removed\n`);
  return status;
}

async function chosenCache(args: Arguments, session: Session): Promise<Ccache> {
  const text = args.value('p');
  const name = args.value('c');
  if (text === undefined) return cacheOf(name, session);
  const principal = await during(`parsing principal name ${text}`, () => principalOf(text, session));
  for (const cache of await cachesAround(name, session)) {
    const contents = await readableContents(cache);
    if (contents !== undefined && samePrincipal(contents.principal, principal)) return cache;
  }
  const absent = new KerberosError('CREDENTIAL_NOT_FOUND', 'Matching credential not found');
  throw new ActivityError(`finding cache for ${text}`, absent);
}

/** Whether the collection holds another cache that can be read. */
async function anyLeft(args: Arguments, session: Session): Promise<boolean> {
  for (const cache of await cachesAround(args.value('c'), session)) {
    if ((await readableContents(cache)) !== undefined) return true;
  }
  return false;
}

function tell(error: unknown, activity: string, { io }: Session): void {
  tellError('kdestroy', new ActivityError(activity, brief(error)), io);
}
