import { type CacheContents, ccacheName } from '../ccache/ccache.ts';
import { isConfigEntry } from '../ccache/config-entries.ts';
import { printable } from '../codec/text.ts';
import { during } from '../local/activity.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { isForJob, jobSecretOptions, lastingOptions } from './job/options.ts';
import { chooseCache, type Target } from './kinit/cache.ts';
import { enctypeFaults, requestedEnctypes } from './kinit/enctypes.ts';
import { againFrom, failedToStore, getInitial } from './kinit/exchange.ts';
import { type ReadWishes, readWishes } from './kinit/wishes.ts';
import { pastLostKey } from './lost-key.ts';
import { mistakesAmong } from './mistakes.ts';
import { openSession, type Session } from './session.ts';
import { showWaits } from './terminal/waiting.ts';
import type { Io } from './terminal.ts';
import { refuseKerberos4, versionOptions } from './version-options.ts';

/** kinit: obtains and caches an initial ticket-granting ticket. */
export const kinit: Command = {
  name: 'kinit',
  summary: 'Obtain and cache an initial Kerberos ticket.',
  operands: '[principal]',
  usageStatus: 2,
  usage: `Usage: kinit [-V] [-l lifetime] [-s start_time] [-r renewable_life]
\t[-f | -F] [-p | -P] [-n] [-a | -A] [-C] [-E]
\t[--request-pac | --no-request-pac]
\t[-v] [-R] [-k [-i|-t keytab_file]] [-c cachename]
\t[-S service_name] [-I input_ccache] [-T ticket_armor_cache]
\t[-X <attribute>[=<value>]] [principal]

    options:
\t-V verbose
\t-l lifetime
\t-s start time
\t-r renewable lifetime
\t-f forwardable
\t-F not forwardable
\t-p proxiable
\t-P not proxiable
\t-n anonymous
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
\t-I input credential cache
\t-T armor credential cache
\t-X <attribute>[=<value>]
\t--{,no}-request-pac request KDC include/exclude a PAC
`,
  options: [
    { flags: '-V', text: 'Print on stderr what is done.' },
    { flags: '-l <lifetime>', text: 'Request a ticket with this lifetime, such as 10h or 1d.' },
    { flags: '-s <start>', text: 'Request a postdated ticket, which becomes valid at this time.' },
    { flags: '-r <lifetime>', text: 'Request a ticket that can be renewed for this long.' },
    { flags: '-f, --forwardable', text: 'Request a forwardable ticket.' },
    { flags: '-F, --noforwardable', text: 'Request a ticket that is not forwardable.' },
    { flags: '-p, --proxiable', text: 'Request a proxiable ticket.' },
    { flags: '-P, --noproxiable', text: 'Request a ticket that is not proxiable.' },
    { flags: '-a, --addresses', text: "Restrict the ticket to this host's addresses." },
    { flags: '-A, --noaddresses', text: 'Request a ticket without addresses.' },
    { flags: '-v', text: 'Validate the postdated ticket in the cache.' },
    { flags: '-R', text: 'Renew the ticket in the cache.' },
    { flags: '-C, --canonicalize', text: "Accept the KDC's own name for the principal." },
    { flags: '-E, --enterprise', text: 'Treat the principal as an enterprise name, such as a mail address.' },
    { flags: '-k', text: 'Use a key from a keytab instead of a password.' },
    { flags: '-i', text: 'Use the default client keytab; implies -k.' },
    { flags: '-t <keytab>', text: 'Use this keytab; implies -k.' },
    { flags: '-c <cache>', text: 'Store the ticket in this cache instead of the default one.' },
    { flags: '-S <service>', text: 'Get a ticket for this service instead of a ticket-granting ticket.' },
    { flags: '-I <cache>', text: 'Prefer the mechanism with which the ticket in this cache was obtained.' },
    { flags: '-T <cache>', text: 'Protect the exchange with FAST; the armor is a ticket in this cache.' },
    { flags: '-n', text: 'Request an anonymous ticket; the principal @REALM selects a realm.' },
    {
      flags: '-X <attribute>',
      text: 'Set X509_user_identity=, X509_anchors= or disable_freshness for PKINIT.',
    },
    { flags: '--request-pac', text: 'Ask the KDC to include a PAC in the ticket.' },
    { flags: '--no-request-pac', text: 'Ask the KDC not to include a PAC in the ticket.' },
    {
      flags: '--enctypes <list>',
      text: 'Request these encryption types, such as aes256-cts,aes128-cts, the best first.',
      ours: true,
    },
    {
      flags: '--anonymous-armor',
      text: 'Protect the exchange with FAST; the armor is an anonymous ticket.',
      ours: true,
    },
    { flags: '--pk-anon-fast-armor', text: 'The same, as in Heimdal.', ours: true, hidden: true },
    ...lastingOptions,
    ...jobSecretOptions,
    jsonOutput,
    ...versionOptions,
  ],
  tellsMistakes: true,
  asksKdc: true,
  neverListens: true,
  run,
};

async function run(given: Arguments, io: Io): Promise<number> {
  const read = await readWishes(given, io);
  const mistakes = mistakesOf(given, read);
  refuseKerberos4(given, mistakes);
  checkArguments(given, mistakes, read, io);
  const { wishes } = read;
  const jobs = isForJob(given) ? await import('./kinit/job.ts') : undefined;
  const job = await jobs?.readKinitJob(given, io);
  const args = job?.args ?? given;
  const withKeytab = args.has('k') || namesKeytab(args) || (job?.withKeytab ?? false);
  const json = args.has('json') ? await import('./kinit/json.ts') : undefined;
  const session = openSession(json === undefined ? io : (await import('./manners.ts')).aside(io), {
    activity: 'initializing Kerberos 5 library',
    follow: showWaits,
  });
  const say = (line: string): void => {
    if (args.has('V')) io.err(`${printable(line)}\n`);
  };
  const again = againOf(args);
  const choose = (): Promise<Target> => chooseCache(args, session, { withKeytab, say });
  // Tickets that cannot be opened cannot be renewed.
  const target = again === undefined ? await pastLostKey(choose, session) : await choose();
  if (args.has('I')) say(`Using specified input cache: ${args.value('I')}`);
  say(`Using principal: ${target.name}`);
  // With these options the KDC returns the realm in its own spelling.
  if (!args.has('canonicalize') && !args.has('enterprise') && /[a-z]/.test(target.principal.realm)) {
    const { warnOfRealm } = await import('./input-warnings.ts');
    warnOfRealm('kinit', target.principal, session);
  }
  const typed = args.operands[0] ?? '';
  if (typed.includes('\\')) {
    const { warnOfWindowsName } = await import('./input-warnings.ts');
    warnOfWindowsName('kinit', typed, io);
  }
  if (args.has('enctypes') && again === undefined) {
    const { warnOfWeak } = await import('./input-warnings.ts');
    warnOfWeak('kinit', requestedEnctypes(args, session), io);
  }

  const request = { args, target, wishes, withKeytab, secret: job?.secret, say };
  if (job?.least !== undefined) {
    const { least } = job;
    const obtain = (): Promise<CacheContents> => getInitial(request, session);
    const supplied = await jobs!.getLasting(
      { target, least, services: args.values('for'), obtain, say },
      session,
    );
    await json?.tellTicket(target.cache, supplied.first, supplied.others, io);
    return 0;
  }
  const contents =
    again === undefined
      ? (job?.given?.(target.principal) ?? (await getInitial(request, session)))
      : await during(`${again} credentials`, () => againFrom(target, again, args.value('S'), session));
  if (args.has('V') && session.decisions.some(({ fact }) => fact?.kind === 'clock'))
    await noteClock(session, say);
  await during(storing(target, again), () => store(target, contents, session));
  if (again !== undefined) {
    say('Initialized cache');
    say('Stored credentials');
  }
  say('Authenticated to Kerberos v5');
  await json?.tellTicket(target.cache, contents.credentials.find(each => !isConfigEntry(each))!, [], io);
  return 0;
}

/** The mistakes among the options, in MIT's words. */
function mistakesOf(args: Arguments, { faults }: ReadWishes): readonly string[] {
  return mistakesAmong(args, {
    once: {
      c: 'Only one -c option allowed',
      I: 'Only one -I option allowed',
      T: 'Only one armor_ccache',
      t: 'Only one -t option allowed.',
    },
    judge: (option, value) => faults.find(each => each.option === option && each.text === value)?.words,
  });
}

/**
 * Throws UsageError if the command line is wrong; otherwise warns of options that may mean something else than
 * intended.
 */
function checkArguments(args: Arguments, mistakes: readonly string[], { ignored }: ReadWishes, io: Io): void {
  const notes = namesKeytab(args) && !args.has('k') ? ['keytab specified, forcing -k'] : [];
  const faults = [...mistakes, ...conflicts(args)];
  const extra = args.operands.length > 1 ? [`Extra arguments (starting with "${args.operands[1]}").`] : [];
  if (faults.length + extra.length > 0) throw new UsageError([...faults, ...notes, ...extra].join('\n'));
  for (const line of [...notes, ...ignored.map(each => `kinit: ${each}`)]) io.err(`${line}\n`);
}

function namesKeytab(args: Arguments): boolean {
  return args.has('t') || args.has('i');
}

/** What to do with the ticket in the cache; undefined to get a new one, as always with a keytab. */
function againOf(args: Arguments): 'validating' | 'renewing' | undefined {
  if (namesKeytab(args)) return undefined;
  if (args.has('v')) return 'validating';
  return args.has('R') ? 'renewing' : undefined;
}

/** Reports the difference between our clock and the KDC's if it is large. */
async function noteClock({ decisions, config }: Session, say: (line: string) => void): Promise<void> {
  const { clockDifference } = await import('./explain/clock.ts');
  const difference = clockDifference(decisions);
  if (difference === undefined) return;
  const how = config.libdefaults.kdcTimesync ? ', which is allowed for' : '';
  say(`Note: ${difference}${how}`);
}

/** Combinations of options that are not allowed, in MIT's words. */
export function conflicts(args: Arguments): readonly string[] {
  const faults: string[] = [];
  for (const [one, other, letters] of [
    ['forwardable', 'noforwardable', '-f and -F'],
    ['proxiable', 'noproxiable', '-p and -P'],
    ['requestPac', 'noRequestPac', '--request-pac and --no-request-pac'],
    ['addresses', 'noaddresses', '-a and -A'],
  ] as const) {
    if (args.has(one) && args.has(other)) faults.push(`Only one of ${letters} allowed`);
  }
  if (args.has('T') && (args.has('anonymousArmor') || args.has('pkAnonFastArmor')))
    faults.push('Only one of -T and --anonymous-armor allowed');
  if (args.has('t') && args.has('i')) faults.push('Only one of -t and -i allowed');
  faults.push(...enctypeFaults(args));
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
