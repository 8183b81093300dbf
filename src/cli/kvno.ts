import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import { startRealmEntries } from '../ccache/config-entries.ts';
import { headOf } from '../ccache/head.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import { isSupported, parseEnctypeList } from '../crypto/enctype-list.ts';
import { KerberosError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { ActivityError, during } from '../local/activity.ts';
import { defaultCache } from '../local/caches/default-cache.ts';
import { namedCache } from '../local/caches/named-cache.ts';
import { exchangeOptions } from '../local/exchange.ts';
import { hostPrincipal } from '../local/host-principal.ts';
import { sentence } from '../local/sentences.ts';
import { principalOf } from '../local/session.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_UNKNOWN } from '../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import type { Arguments, Command } from './command.ts';
import { reportTicket } from './kvno/report.ts';
import { firstTicket, proxyTicket, type TicketWish } from './kvno/ticket.ts';
import { checkArguments, readPeerTicket, readUser } from './kvno/wishes.ts';
import { tellFailure } from './run-command.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';

/** kvno: obtains service tickets and prints their key versions. */
export const kvno: Command = {
  name: 'kvno',
  summary: 'Obtain service tickets and show their key versions.',
  operands: 'service...',
  usageStatus: 1,
  usage: `usage: kvno [-c ccache] [-e etype] [-k keytab] [-q] [-u | -S sname]
\t[[{-F cert_file | {-I | -U} for_user} [-P]] | --u2u ccache]
\t[--cached-only] [--no-store] [--out-cache] service1 service2 ...
`,
  options: [
    { flags: '-c <cache>', text: 'Use this cache instead of the default one.' },
    { flags: '-e <enctype>', text: 'Request a session key of this encryption type.' },
    { flags: '-k <keytab>', text: 'Check that this keytab decrypts each ticket.' },
    { flags: '-q', text: 'Print only errors.' },
    { flags: '-u', text: 'Use the name type NT-UNKNOWN for the services.' },
    { flags: '-S <service>', text: 'The operands are host names; get tickets for this service on them.' },
    {
      flags: '-C',
      text: "Accept the KDC's own name for the service, as always.",
      hidden: true,
    },
    {
      flags: '-I <user>',
      text: "Get a ticket to the cache's own principal, a service, in the name of this user.",
    },
    { flags: '-U <user>', text: 'Like -I, but with an enterprise name; the KDCs determine the realm.' },
    { flags: '-F <file>', text: 'Like -I, but for the owner of the certificate in this PEM file.' },
    {
      flags: '-P',
      text: "With -I, -U or -F: use that ticket to get tickets for the services in the user's name.",
    },
    { flags: '--u2u <cache>', text: 'Get user-to-user tickets for the owner of this cache.' },
    { flags: '--cached-only', text: 'Do not ask a KDC: use only the tickets in the cache.' },
    { flags: '--no-store', text: 'Do not store new tickets in the cache.' },
    { flags: '--out-cache <cache>', text: 'Store the tickets in this cache, which is created or replaced.' },
    {
      flags: '--json',
      text: 'Print one line of JSON for each ticket; report each failure as one on stderr.',
    },
    { flags: '-h', text: 'Show the usage.', hidden: true, final: true },
  ],
  tellsMistakes: true,
  asksKdc: true,
  neverListens: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  checkArguments(args);
  const session = openSession(io, { activity: 'initializing krb5 library', follow: showWaits });
  const enctypes = readEnctypes(args.value('e'), session);
  if (args.has('e')) (await import('./input-warnings.ts')).warnOfWeak('kvno', enctypes, io);
  const named = args.value('c');
  const activity = 'opening ccache';
  const cache = await (named === undefined
    ? defaultCache(session, { reading: true, activity })
    : namedCache(named, session, activity));
  const outCache = await outputCache(args.value('outCache'), session);
  const keytab = args.value('k');
  const entries = keytab === undefined ? undefined : (await import('./kvno/keytab.ts')).keytabEntries(keytab);
  const user = await readUser(args, session);
  const peerTicket = await readPeerTicket(args, session);
  const { principal, kdcOffset } = await during('getting client principal name', () => headOf(cache));
  const options = {
    ...exchangeOptions(session, enctypes),
    onUnstored: (error: KerberosError) =>
      io.err(`kvno: warning: the ticket was not stored: ${sentence(error)}\n`),
    cachedOnly: args.has('cachedOnly'),
    noStore: args.has('noStore') || outCache !== undefined,
  };
  const errand: Errand = {
    args,
    session,
    entries,
    wish: { owner: principal, user, proxy: args.has('P'), peerTicket, options },
  };

  const gained: Credential[] = [];
  let status = 0;
  const soFar = session.decisions.length;
  for (const operand of args.operands) {
    // An error is explained only by the decisions about its own service.
    session.decisions.splice(soFar);
    try {
      const server = await serverOf(operand, errand);
      if (server !== undefined) gained.push(await getTicket(server, cache, errand));
      else status = 1;
    } catch (error) {
      await tellFailure({ program: 'kvno', error, exitStatus: 1 }, args, io);
      status = 1;
    }
  }
  if (outCache !== undefined && status === 0) {
    await during('writing output ccache', () => outCache.initialize(contentsOf(gained, kdcOffset)));
  }
  return status;
}

interface Errand {
  readonly args: Arguments;
  readonly session: Session;
  /** The entries of the keytab that is to open the tickets. */
  readonly entries: (() => Promise<readonly KeytabEntry[]>) | undefined;
  readonly wish: TicketWish;
}

/** Gets the ticket for one service and reports on it. */
async function getTicket(server: Principal, cache: Ccache, errand: Errand): Promise<Credential> {
  const { args, session, entries, wish } = errand;
  const credential = await firstTicket(cache, server, wish);
  const options = {
    io: session.io,
    trace: session.trace,
    quiet: args.has('q'),
    json: args.has('json'),
    entries,
    inUsersName: wish.user !== undefined,
  };
  await reportTicket(credential, formatPrincipal(server), options);
  return wish.proxy ? proxyTicket(cache, { evidence: credential, server }, wish.options) : credential;
}

/** The principal of an operand; undefined if it cannot be parsed and errors are not to be reported. */
async function serverOf(operand: string, { args, session }: Errand): Promise<Principal | undefined> {
  const service = args.value('S');
  if (service !== undefined) return hostPrincipal(service, operand, session);
  try {
    return await principalOf(operand, session, { nameType: args.has('u') ? NT_UNKNOWN : undefined });
  } catch (error) {
    if (args.has('q')) return undefined;
    throw new ActivityError(`parsing principal name ${operand}`, error);
  }
}

/** The contents of a new cache, which belongs to the client of the first ticket. */
function contentsOf(gained: readonly Credential[], kdcOffset: number | undefined): CacheContents {
  const [first] = gained as readonly [Credential, ...Credential[]];
  const notes = gained.length === 1 ? startRealmEntries(first) : [];
  return { principal: first.client, credentials: [...gained, ...notes], kdcOffset };
}

function readEnctypes(text: string | undefined, session: Session): readonly number[] {
  const configured = defaultTgsEnctypes(session.config);
  if (text === undefined) return configured;
  const named = parseEnctypeList(text, [], { allowWeak: true }).filter(isSupported);
  if (named.length !== 1) {
    throw new ActivityError('converting etype', new KerberosError('ENCTYPE_UNSUPPORTED', 'Invalid argument'));
  }
  return named;
}

async function outputCache(name: string | undefined, session: Session): Promise<Ccache | undefined> {
  return name === undefined ? undefined : namedCache(name, session, 'resolving output ccache');
}
