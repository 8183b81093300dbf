import { type CacheContents, ccacheName } from '../ccache/ccache.ts';
import { isConfigEntry } from '../ccache/config-entries.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, during, jsonOption, UsageError } from './command.ts';
import { chooseCache, type Target } from './kinit-cache.ts';
import { againFrom, failedToStore, getInitial } from './kinit-exchange.ts';
import { readWishes } from './kinit-wishes.ts';
import { pastLostKey } from './lost-key.ts';
import { printable } from './sentences.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { versionOptions } from './version-options.ts';

/** kinit: obtains and caches an initial ticket-granting ticket. */
export const kinit: Command = {
  name: 'kinit',
  summary: 'Obtain and cache an initial Kerberos ticket.',
  operands: '[principal]',
  usageStatus: 2,
  usage: `Usage: kinit [-V] [-l lifetime] [-s start_time] [-r renewable_life]
\t[-f | -F] [-p | -P] [-a | -A] [-C] [-E]
\t[--request-pac | --no-request-pac]
\t[-v] [-R] [-k [-i|-t keytab_file]] [-c cachename]
\t[-S service_name] [-T ticket_armor_cache]
\t[-n] [-X attribute[=value]] [principal]

    options:
\t-V verbose
\t-l lifetime
\t-s start time
\t-r renewable lifetime
\t-f forwardable
\t-F not forwardable
\t-p proxiable
\t-P not proxiable
\t-a include addresses
\t-A do not include addresses
\t-v validate
\t-R renew
\t-C canonicalize
\t-E client is enterprise principal name
\t-k use keytab
\t-i use default client keytab (with -k)
\t-t filename of keytab to use
\t-c Kerberos 5 cache name
\t-S service
\t-T armor credential cache
\t-n anonymous
\t-X attribute of PKINIT
\t--{,no}-request-pac request KDC include/exclude a PAC
`,
  options: [
    { flags: '-V', text: 'Say on stderr what is done.' },
    { flags: '-l <lifetime>', text: 'Ask for a ticket that lives this long, such as 10h or 1d.' },
    { flags: '-s <start>', text: 'Ask for a postdated ticket, valid from this time on.' },
    { flags: '-r <lifetime>', text: 'Ask for a ticket that can be renewed for this long.' },
    { flags: '-f, --forwardable', text: 'Ask for a forwardable ticket.' },
    { flags: '-F, --noforwardable', text: 'Ask for a ticket that is not forwardable.' },
    { flags: '-p, --proxiable', text: 'Ask for a proxiable ticket.' },
    { flags: '-P, --noproxiable', text: 'Ask for a ticket that is not proxiable.' },
    { flags: '-a, --addresses', text: "Bind the ticket to this host's addresses." },
    { flags: '-A, --noaddresses', text: 'Ask for a ticket without addresses.' },
    { flags: '-v', text: 'Have the postdated ticket in the cache validated.' },
    { flags: '-R', text: 'Renew the ticket in the cache.' },
    { flags: '-C, --canonicalize', text: "Accept the KDC's own form of the principal's name." },
    { flags: '-E, --enterprise', text: 'Take the principal for an enterprise name, such as a mail address.' },
    { flags: '-k', text: "Prove who you are by a keytab's key instead of a password." },
    { flags: '-i', text: 'With -k, use the default client keytab.' },
    { flags: '-t <keytab>', text: 'Use this keytab; implies -k.' },
    { flags: '-c <cache>', text: 'Keep the ticket in this cache instead of the default one.' },
    { flags: '-S <service>', text: 'Get a ticket for this service instead of the ticket-granting service.' },
    {
      flags: '-T <cache>',
      text: 'Protect the exchange with FAST, with a ticket of this cache as its armor.',
    },
    { flags: '-n', text: 'Ask for an anonymous ticket; a principal of @REALM asks that realm.' },
    {
      flags: '-X <attribute>',
      text: 'Set X509_user_identity=, X509_anchors= or disable_freshness for PKINIT.',
    },
    { flags: '--request-pac', text: 'Ask the KDC to put a PAC into the ticket.' },
    { flags: '--no-request-pac', text: 'Ask the KDC to put no PAC into the ticket.' },
    jsonOption,
    ...versionOptions,
  ],
  asksKdc: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const withKeytab = args.has('k') || args.has('t');
  const notes = args.has('t') && !args.has('k') ? ['keytab specified, forcing -k'] : [];
  const faults = conflicts(args);
  if (faults.length > 0) throw new UsageError([...faults, ...notes].join('\n'));
  for (const note of notes) io.err(`${note}\n`);
  const wishes = await readWishes(args, io);
  const session = openSession(io);
  const say = (line: string): void => {
    if (args.has('V')) io.err(`${printable(line)}\n`);
  };
  const again = args.has('v') ? 'validating' : args.has('R') ? 'renewing' : undefined;
  const choose = (): Promise<Target> => chooseCache(args, session, { withKeytab, say });
  // There is nothing to renew among tickets that cannot be opened.
  const target = again === undefined ? await pastLostKey(choose, session) : await choose();
  say(`Using principal: ${target.name}`);

  const contents =
    again === undefined
      ? await getInitial({ args, target, wishes, withKeytab, say }, session)
      : await during(`${again} credentials`, () => againFrom(target, again, args.value('S'), session));
  if (args.has('V') && session.decisions.some(({ fact }) => fact?.kind === 'clock'))
    await noteClock(session, say);
  await during(storing(target, again), () => store(target, contents, session));
  if (again !== undefined) {
    say('Initialized cache');
    say('Stored credentials');
  }
  say('Authenticated to Kerberos v5');
  return 0;
}

/** Tells how our clock differs from the KDC's, if it does by much. */
async function noteClock({ decisions, config }: Session, say: (line: string) => void): Promise<void> {
  const { clockDifference } = await import('./explain-clock.ts');
  const difference = clockDifference(decisions);
  if (difference === undefined) return;
  const how = config.libdefaults.kdcTimesync ? ', which is allowed for' : '';
  say(`Note: ${difference}${how}`);
}

/** What is wrong with the options, in MIT's words. */
function conflicts(args: Arguments): readonly string[] {
  const faults: string[] = [];
  for (const [one, other, letters] of [
    ['forwardable', 'noforwardable', '-f and -F'],
    ['proxiable', 'noproxiable', '-p and -P'],
    ['addresses', 'noaddresses', '-a and -A'],
  ] as const) {
    if (args.has(one) && args.has(other)) faults.push(`Only one of ${letters} allowed`);
  }
  if (args.values('c').length > 1) faults.push('Only one -c option allowed');
  if (args.values('T').length > 1) faults.push('Only one armor_ccache');
  if (args.values('t').length > 1) faults.push('Only one -t option allowed.');
  if (args.has('t') && args.has('i')) faults.push('Only one of -t and -i allowed');
  if (args.operands.length > 1) faults.push(`Extra arguments (starting with "${args.operands[1]}").`);
  return faults;
}

function storing({ cache }: Target, again: string | undefined): string {
  return again === undefined ? 'getting initial credentials' : `storing credentials in ${ccacheName(cache)}`;
}

async function store(
  { cache, makePrimary }: Target,
  contents: CacheContents,
  session: Session,
): Promise<void> {
  try {
    session.trace(
      `Initializing ${ccacheName(cache)} with default princ ${formatPrincipal(contents.principal)}`,
    );
    for (const { client, server } of contents.credentials.filter(each => !isConfigEntry(each))) {
      const ticket = `${formatPrincipal(client)} -> ${formatPrincipal(server)}`;
      session.trace(`Storing ${ticket} in ${ccacheName(cache)}`);
    }
    await pastLostKey(() => cache.initialize(contents), session);
    await makePrimary?.();
  } catch (error) {
    throw failedToStore(error);
  }
}
