import { type Ccache, ccacheName } from '../ccache/ccache.ts';
import { readableHead } from '../ccache/head.ts';
import { resolveCcache } from '../ccache/resolve.ts';
import { KerberosError } from '../errors.ts';
import { ActivityError, during } from '../local/activity.ts';
import { defaultCacheName } from '../local/caches/default-cache.ts';
import { cachesAround, collectionOf } from '../local/caches/named-caches.ts';
import { principalOf } from '../local/session.ts';
import { formatPrincipal, samePrincipal } from '../messages/principal.ts';
import { briefly } from './brief-error.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { mistakesAmong } from './mistakes.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

/** kswitch: makes another cache of the collection the primary one. */
export const kswitch: Command = {
  name: 'kswitch',
  summary: 'Make another cache of the collection the primary one.',
  operands: '',
  usageStatus: 2,
  usage: `Usage: kswitch {-c cache_name | -p principal}
\t-c specify name of credentials cache
\t-p specify name of principal
`,
  options: [
    { flags: '-c <cache>', text: 'Switch to this cache.' },
    { flags: '-p <principal>', text: "Switch to this principal's cache." },
    jsonOutput,
  ],
  tellsMistakes: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  checkArguments(args);
  const session = openSession(io);
  const name = args.value('c');
  const principal = args.value('p');
  await briefly(async () => {
    const cache = principal === undefined ? await named(name!, session) : await cacheFor(principal, session);
    const around = name ?? (await defaultCacheName(session, { reading: true }));
    await during('switching to credential cache', () => switchTo(cache, around, session));
    if (args.has('json')) await tellInJson(cache, io);
  });
  return 0;
}

function checkArguments(args: Arguments): void {
  const faults = [...mistakesAmong(args, { once: { cp: 'Only one -c or -p option allowed' } })];
  if (!args.has('c') && !args.has('p')) faults.push('One of -c or -p must be specified');
  if (faults.length + args.operands.length > 0) throw new UsageError(faults.join('\n'));
}

/** Names the cache and its principal, or null if that cannot be determined. */
async function tellInJson(cache: Ccache, io: Io): Promise<void> {
  const { lineOfJson } = await import('./json.ts');
  const head = await readableHead(cache);
  const principal = head === undefined ? null : formatPrincipal(head.principal);
  io.out(lineOfJson({ cache: ccacheName(cache), principal }));
}

function named(name: string, session: Session): Promise<Ccache> {
  return during(`resolving ${name}`, () => resolveCcache(name, session.caches));
}

async function cacheFor(text: string, session: Session): Promise<Ccache> {
  const principal = await during(`parsing principal name ${text}`, () => principalOf(text, session));
  for (const cache of await cachesAround(undefined, session, `searching for ccache for ${text}`)) {
    const head = await readableHead(cache);
    if (head !== undefined && samePrincipal(head.principal, principal)) return cache;
  }
  const absent = new KerberosError('CREDENTIAL_NOT_FOUND', 'Matching credential not found');
  throw new ActivityError(`searching for ccache for ${text}`, absent);
}

/** A cache of a type without collections is always the primary one of its name. */
async function switchTo(cache: Ccache, name: string, session: Session): Promise<void> {
  const collection =
    (await collectionOf(name, session)) ??
    (await collectionOf(ccacheName({ type: cache.type, residual: '' }), session));
  await collection?.setPrimary(cache);
}
