import { printable } from '../codec/text.ts';
import { type Arguments, type Command, jsonOption, longFlag, UsageError } from './command.ts';
import { namesSecret, readJobSecret, withOwner } from './job/secrets.ts';
import type { Job } from './job.ts';
import { conflicts, kinit } from './kinit.ts';
import { minutes } from './kstart-options.ts';
import { readsStdin } from './ktutil/secret.ts';
import { readyOption, runInBackground } from './run/background.ts';
import { runJob } from './run/job.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit run';

/** kinit's options that do not fit here: they renew or postdate a ticket, or concern a single ticket. */
const NOT_OURS = ['-s', '-v', '-R', '-4', '-5', '--for', '--min', '--json'];

/** run: runs a command with tickets of its own, which are kept alive until it ends. */
export const run: Command = {
  name,
  summary: 'Run a command with tickets of its own, kept alive until it ends.',
  operands: '[principal] -- command [argument...]',
  usageStatus: 2,
  options: [
    ...kinit.options.filter(({ flags }) => !NOT_OURS.includes(flags.split(/[ ,]/)[0]!)),
    jsonOption,
    { flags: '--service <name>', text: 'Also get a ticket for this service; may be repeated.' },
    { flags: '--memory', text: 'Keep the tickets in memory; only programs that can use KCM find them.' },
    {
      flags: '-K, --every <minutes>',
      text: 'Check the tickets at this interval; without a command, keep running.',
    },
    { flags: '-H, --happy <minutes>', text: 'Keep tickets that remain valid for at least this long.' },
    { flags: '--always', text: 'Get new tickets at every check.' },
    { flags: '-b, --background', text: 'Continue in the background once there is a ticket.' },
    { flags: '--pid-file <file>', text: 'Write the process ID of krb5kit run to this file.' },
    { flags: '--child-pid-file <file>', text: 'Write the process ID of the command to this file.' },
    {
      flags: '-x, --exit-on-error',
      text: 'If there are no new tickets, send SIGHUP to the command, and end when it ends.',
    },
    { flags: '-q, --quiet', text: 'Print only errors.', hidden: true },
    readyOption,
  ],
  epilogue:
    '\nThe command finds its tickets through KRB5CCNAME. Its exit status is passed on; if a signal ends it, that is 128 and the number of the signal.\n' +
    'Without a command, -K keeps the tickets in the default cache alive.\n' +
    'krb5kit k5start and krb5kit krenew do the same with the options of those programs.',
  asksKdc: true,
  run: start,
};

async function start(args: Arguments, io: Io): Promise<number> {
  const command = args.operands.slice(args.beforeDashes);
  const before = args.operands.slice(0, args.beforeDashes).filter(word => word !== '--');
  const hasCommand = command.length > 0;
  if (!hasCommand && !args.has('every') && !args.has('happy')) {
    throw new UsageError(`${name}: name the command to run, after --`);
  }
  if (before.length > 1) {
    throw new UsageError(`${name}: unexpected argument "${before[1]}": the command must follow --`);
  }
  for (const option of ['childPidFile', 'memory']) {
    if (args.has(option) && !hasCommand)
      throw new UsageError(`${name}: ${longFlag(option)} requires a command`);
  }
  if (args.has('memory') && args.has('c'))
    throw new UsageError(`${name}: -c and --memory cannot be combined`);
  const faults = conflicts({ ...args, operands: before });
  if (faults.length > 0) throw new UsageError(faults.map(fault => `${name}: ${fault}`).join('\n'));
  const withSecret = namesSecret(args);
  if (args.has('background') && !args.has('readyFd'))
    return toBackground(args, { hasCommand, withSecret }, io);

  const secret = withSecret ? await readJobSecret(args, io) : undefined;
  const own: Arguments = { ...args, operands: before, beforeDashes: before.length };
  const readyFd = args.value('readyFd');
  const interval = minutesOf(args, 'every', '-K');
  const job: Job = {
    program: name,
    kinit: secret === undefined ? own : withOwner(own, secret),
    withKeytab: args.has('k') || args.has('t') || args.has('i') || secret?.keytab !== undefined,
    secret,
    renewOnly: false,
    renews: true,
    cacheName: args.value('c'),
    memory: args.has('memory'),
    command,
    services: args.values('service'),
    interval,
    happy: minutesOf(args, 'happy', '-H'),
    always: args.has('always'),
    patient: false,
    exitOnError: args.has('exitOnError'),
    keepsGoing: false,
    hangsUp: false,
    pidFile: args.value('pidFile'),
    childPidFile: args.value('childPidFile'),
    daemon: readyFd === undefined ? undefined : { readyFd: Number(readyFd), directory: undefined },
    mask: args.has('mask'),
    say: (line, ours) => {
      if (args.has('V')) ours.err(`${printable(line)}\n`);
    },
    announce: undefined,
    words: undefined,
    afterwards: undefined,
    log: undefined,
  };
  return runJob(job, io);
}

interface Wanted {
  readonly hasCommand: boolean;
  readonly withSecret: boolean;
}

/** Continues in the background, where nobody can be asked for a password. */
function toBackground(args: Arguments, { hasCommand, withSecret }: Wanted, io: Io): Promise<number> {
  if (!hasCommand && !args.has('every')) throw new UsageError(`${name}: -b requires a command or -K`);
  const withKeytab = args.has('k') || args.has('t') || args.has('i');
  if (readsStdin(args) || !(withSecret || withKeytab)) {
    throw new UsageError(`${name}: -b requires a keytab, a cache, or a password that is not typed`);
  }
  const keeps = [args.value('keytabFd'), args.value('cacheFd'), args.value('passwordFd')];
  return runInBackground(run, args, { word: 'run', keeps }, io);
}

function minutesOf(args: Arguments, option: string, what: string): number | undefined {
  try {
    return minutes(args.value(option), what);
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
}
