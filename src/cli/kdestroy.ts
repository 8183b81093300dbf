import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { readableHead } from '../ccache/head.ts';
import { KerberosError } from '../errors.ts';
import { ActivityError, during } from '../local/activity.ts';
import { cacheOf, cachesAround, isAbsent } from '../local/caches/named-caches.ts';
import { principalOf } from '../local/session.ts';
import { samePrincipal } from '../messages/principal.ts';
import { brief, briefly } from './brief-error.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { isExpiredService } from './expired-tickets.ts';
import { discardLost, isKeyLost } from './lost-key.ts';
import { mistakesAmong } from './mistakes.ts';
import { tellShortly } from './run-command.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { refuseKerberos4, versionOptions } from './version-options.ts';

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
    { flags: '-A', text: 'Destroy all caches of the collection.' },
    { flags: '-q', text: 'Do not ring the bell, and print only errors.' },
    { flags: '-c <cache>', text: 'Destroy this cache instead of the default one.' },
    { flags: '-p <principal>', text: "Destroy this principal's cache in the collection." },
    {
      flags: '--expired',
      text: 'Only remove expired service tickets.',
      ours: true,
    },
    jsonOutput,
    ...versionOptions,
  ],
  tellsMistakes: true,
  run,
};

const ONCE = { c: 'Only one -c option allowed', p: 'Only one -p option allowed' };

async function run(args: Arguments, io: Io): Promise<number> {
  const mistakes = mistakesAmong(args, { once: ONCE });
  refuseKerberos4(args, mistakes);
  checkArguments(args, mistakes);
  const session = openSession(io);
  const done: Done = { destroyed: [], ticketsRemoved: 0, othersPresent: null };
  const status = await briefly(async () => {
    if (args.has('expired')) return sweep(args, session, done);
    try {
      return await (args.has('A') ? destroyAll(args, session, done) : destroyOne(args, session, done));
    } catch (error) {
      // Without the key, it is unknown whose caches they are, so that -p cannot select any.
      if (args.has('p') || !isKeyLost(error)) throw error;
      await discardLost(session, () => {
        done.destroyed.push('KEYCHAIN:');
        if (isQuiet(args)) return;
        io.err('All sealed tickets destroyed: the keychain no longer has their key\n');
      });
      return 0;
    }
  });
  if (args.has('json')) {
    const { lineOfJson } = await import('./json.ts');
    io.out(lineOfJson(done));
  }
  return status;
}

/** What the command has done so far. */
interface Done {
  /** Names of caches. */
  readonly destroyed: string[];
  ticketsRemoved: number;
  /** Whether other caches remain; null if nobody has checked. */
  othersPresent: boolean | null;
}

/** Whether to print no messages; with --json, they are part of the output. */
function isQuiet(args: Arguments): boolean {
  return args.has('q') || args.has('quiet') || args.has('json');
}

function checkArguments(args: Arguments, mistakes: readonly string[]): void {
  const faults = [...mistakes];
  if (args.has('A') && args.has('p')) faults.push('-A option is exclusive with -p option');
  if (faults.length + args.operands.length > 0) throw new UsageError(faults.join('\n'));
}

async function destroyOne(args: Arguments, session: Session, done: Done): Promise<number> {
  const { io } = session;
  const cache = await chosenCache(args, session);
  try {
    await cache.destroy();
    done.destroyed.push(ccacheName(cache));
  } catch (error) {
    if (isKeyLost(error)) throw error;
    // MIT's says nothing about a keyring that does not exist.
    if (!(isAbsent(error) && cache.type === 'KEYRING')) await tell(error, 'destroying cache', args, session);
    if (!isAbsent(error)) {
      if (args.has('json')) return 1;
      const not = isQuiet(args) ? 'NOT' : '\x07NOT\x07';
      io.err(`Ticket cache ${not} destroyed!\n`);
      return 1;
    }
  }
  if (args.has('json')) done.othersPresent = await anyLeft(args, session);
  const silent = isQuiet(args) || args.has('p');
  if (!silent && (await anyLeft(args, session))) {
    io.err('Other credential caches present, use -A to destroy all\n');
  }
  return 0;
}

async function destroyAll(args: Arguments, session: Session, done: Done): Promise<number> {
  let status = 0;
  for (const cache of await cachesAround(args.value('c'), session, 'listing credential caches')) {
    try {
      await cache.destroy();
      done.destroyed.push(ccacheName(cache));
    } catch (error) {
      if (isAbsent(error)) continue;
      await tell(error, `destroying cache ${ccacheName(cache)}`, args, session);
      status = 1;
    }
  }
  return status;
}

/** Removes expired service tickets, and reports how many there were. */
async function sweep(args: Arguments, session: Session, done: Done): Promise<number> {
  const { io } = session;
  const all = args.has('A');
  const now = io.now();
  let status = 0;
  for (const cache of all
    ? await cachesAround(args.value('c'), session)
    : [await chosenCache(args, session)]) {
    try {
      done.ticketsRemoved += await cache.remove(credential => isExpiredService(credential, now));
    } catch (error) {
      if (all && isAbsent(error)) continue;
      await tell(error, 'removing expired tickets', args, session);
      if (isAbsent(error)) return 0;
      status = 1;
    }
  }
  const count = done.ticketsRemoved;
  if (status === 0 && !isQuiet(args)) io.out(`${count} expired ticket${count === 1 ? '' : 's'} removed\n`);
  return status;
}

async function chosenCache(args: Arguments, session: Session): Promise<Ccache> {
  const text = args.value('p');
  const name = args.value('c');
  if (text === undefined) return cacheOf(name, session);
  const principal = await during(`parsing principal name ${text}`, () => principalOf(text, session));
  for (const cache of await cachesAround(name, session, `finding cache for ${text}`)) {
    const head = await readableHead(cache);
    if (head !== undefined && samePrincipal(head.principal, principal)) return cache;
  }
  const absent = new KerberosError('CREDENTIAL_NOT_FOUND', 'Matching credential not found');
  throw new ActivityError(`finding cache for ${text}`, absent);
}

/** Whether the collection contains another readable cache. */
async function anyLeft(args: Arguments, session: Session): Promise<boolean> {
  for (const cache of await cachesAround(args.value('c'), session)) {
    if ((await readableHead(cache)) !== undefined) return true;
  }
  return false;
}

function tell(error: unknown, activity: string, args: Arguments, { io }: Session): Promise<void> {
  const failure = new ActivityError(activity, brief(error));
  return tellShortly({ program: 'kdestroy', error: failure, exitStatus: isAbsent(error) ? 0 : 1 }, args, io);
}
