import { printable } from '../codec/text.ts';
import { during } from '../local/activity.ts';
import { namedKeytab } from '../local/keytabs.ts';
import { defaultRealmOf, principalOf } from '../local/session.ts';
import { userName } from '../local/user/name.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, jsonOption } from './command.ts';
import { helpText } from './help-text.ts';
import { readJobSecret } from './job/secrets.ts';
import type { Job } from './job.ts';
import { checkNumbers, kstartAfterwards, kstartJob, kstartOptions, wrong } from './kstart-options.ts';
import { k5startWords } from './kstart-words.ts';
import { readyOption, runInBackground } from './run/background.ts';
import { runJob } from './run/job.ts';
import { openSession } from './session.ts';
import type { Io } from './terminal.ts';

const name = 'k5start';

/** k5start: gets a ticket and keeps it alive, with the options of kstart's program. */
export const k5start: Command = {
  name,
  summary: 'Get tickets and keep them alive, with the options of k5start.',
  operands: '[principal [command...]]',
  usageStatus: 1,
  options: [
    ...kstartOptions,
    { flags: '-F', text: 'Ask for a ticket that is not forwardable.' },
    { flags: '-f <keytab>', text: 'Authenticate with a key of this keytab instead of a password.' },
    { flags: '-g <group>', text: 'Give the cache file to this group.' },
    { flags: '-I <instance>', text: 'The second part of the name of the service that the ticket is for.' },
    { flags: '-i <instance>', text: "The second part of the principal's name." },
    { flags: '-l <lifetime>', text: 'Ask for a ticket with this lifetime, such as 10h.' },
    { flags: '-m <mode>', text: 'Give the cache file this mode, in octal.' },
    { flags: '-n', text: 'Nothing.', hidden: true },
    { flags: '-o <owner>', text: 'Give the cache file to this user.' },
    { flags: '-P', text: 'Ask for a ticket that is not proxiable.' },
    { flags: '-q', text: 'Print only errors.' },
    { flags: '-r <realm>', text: "The second part of the service's name, unless -I is given." },
    { flags: '-S <service>', text: 'The first part of the name of the service that the ticket is for.' },
    { flags: '-s', text: 'Read the password from standard input.' },
    { flags: '-U', text: "Use the keytab's first principal; all operands are the command." },
    { flags: '-u <principal>', text: 'The principal.' },
    jsonOption,
    readyOption,
  ],
  async run(args, io) {
    try {
      return await run(args, io);
    } catch (error) {
      throw k5startWords.error(error);
    }
  },
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.has('h')) {
    io.out(helpText(k5start));
    return 0;
  }
  const keytab = args.value('f');
  const takesOperand = !args.has('U') && !args.has('u') && args.operands.length > 0;
  const rest = args.operands.slice(takesOperand ? 1 : 0);
  const command = rest[0] === '--' ? rest.slice(1) : rest;
  checkNumbers(args);
  const operand = takesOperand ? args.operands[0] : undefined;
  check(args, { hasCommand: command.length > 0, operand });
  const common = kstartJob(args, command, name);
  if (args.has('b') && !args.has('readyFd')) return runInBackground(k5start, args, { word: name }, io);
  const principal = await principalName(operand, args);
  const service = await serviceName(args, principal, io);
  const quiet = ['q', 'K', 'H'].some(letter => args.has(letter)) && !args.has('v');
  if (!quiet) await announce(principal, args, io);
  if (args.has('s') && !args.has('q')) io.out('Password: ');
  const kinit = kinitArguments(
    {
      k: keytab === undefined ? undefined : '',
      t: keytab,
      c: args.value('k'),
      l: args.value('l'),
      noforwardable: args.has('F') ? '' : undefined,
      noproxiable: args.has('P') ? '' : undefined,
      S: service,
      passwordStdin: args.has('s') ? '' : undefined,
      json: args.value('json'),
    },
    principal,
  );
  const job: Job = {
    ...common,
    kinit,
    withKeytab: keytab !== undefined,
    secret: args.has('s') ? await readJobSecret(kinit, io) : undefined,
    renewOnly: false,
    renews: false,
    patient: (common.command.length > 0 || args.has('K')) && !args.has('x'),
    keepsGoing: false,
    hangsUp: false,
    say: () => undefined,
    announce(client, server) {
      if (!args.has('v')) return;
      io.out(`${printable(`${name}: authenticating as ${formatPrincipal(client)}`)}\n`);
      if (server !== undefined)
        io.out(`${printable(`${name}: getting tickets for ${formatPrincipal(server)}`)}\n`);
    },
    words: k5startWords,
    afterwards: kstartAfterwards(args),
  };
  return runJob(job, io);
}

async function announce(principal: string, args: Arguments, io: Io): Promise<void> {
  const session = openSession(io);
  const full = formatPrincipal(await during(`parsing ${principal}`, () => principalOf(principal, session)));
  const part = (mark: string, letter: string) => (args.has(letter) ? `${mark}${args.value(letter)}` : '');
  const forService = args.has('S') ? ` for service ${part('', 'S')}${part('/', 'I')}${part('@', 'r')}` : '';
  io.out(`${printable(`Kerberos initialization for ${full}${forService}`)}\n`);
}

/** Checks for contradictory options, in k5start's words. */
function check(
  args: Arguments,
  { hasCommand, operand }: { readonly hasCommand: boolean; readonly operand: string | undefined },
): void {
  const withKeytab = args.has('f');
  const name = operand ?? args.value('u') ?? '';
  if (args.has('s') && withKeytab) throw wrong('cannot use both -s and -f flags');
  if (args.has('b') && !withKeytab) throw wrong('-b option requires a keytab be specified with -f');
  if (args.has('K') && !withKeytab) throw wrong('-K option requires a keytab be specified with -f');
  if (hasCommand && !withKeytab) throw wrong('running a command requires a keytab be specified with -f');
  if (name.includes('/') && args.has('i')) throw wrong('instance specified in the principal and with -i');
  if (args.has('U') && !withKeytab) throw wrong('-U option requires a keytab be specified with -f');
  if (args.has('U') && (args.has('u') || args.has('i')))
    throw wrong('-U option cannot be used with -u or -i options');
}

async function principalName(operand: string | undefined, args: Arguments): Promise<string> {
  const keytab = args.value('f');
  if (args.has('U') && keytab !== undefined) {
    const [first] = await during(`reading ${keytab}`, () => namedKeytab(keytab).entries());
    if (first === undefined) throw wrong(`no principal found in keytab file ${keytab}`);
    return formatPrincipal(first.principal);
  }
  const user = operand ?? args.value('u') ?? userName().replace(/[\\/@]/g, '\\$&');
  return args.has('i') ? `${user}/${args.value('i')}` : user;
}

/** Undefined for a ticket-granting ticket. */
async function serviceName(args: Arguments, principal: string, io: Io): Promise<string | undefined> {
  if (!args.has('S') && !args.has('I') && !args.has('r')) return undefined;
  const session = openSession(io);
  const client = await during(`parsing ${principal}`, () => principalOf(principal, session));
  const realm = args.value('r') ?? (await defaultRealmOf(session)) ?? client.realm;
  // Whatever the realm, it is the client's KDC that is asked for a ticket, one of its own.
  return `${args.value('S') ?? 'krbtgt'}/${args.value('I') ?? realm}@${client.realm}`;
}

/** The equivalent command line of kinit. */
export function kinitArguments(
  given: Readonly<Record<string, string | undefined>>,
  principal?: string,
): Arguments {
  const operands = principal === undefined ? [] : [principal];
  const known = Object.entries(given).flatMap(([option, value]) =>
    value === undefined ? [] : { option, value },
  );
  return {
    has: option => given[option] !== undefined,
    value: option => given[option],
    values: option => (given[option] === undefined ? [] : [given[option]!]),
    given: known,
    operands,
    beforeDashes: operands.length,
  };
}
