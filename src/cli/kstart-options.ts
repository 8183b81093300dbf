import { chmodSync } from 'node:fs';
import type { Ccache } from '../ccache/ccache.ts';
import { systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import type { Arguments, OptionRow } from './command.ts';
import type { Job } from './job.ts';
import type { Io } from './terminal.ts';

/** The options that k5start and krenew share, with kstart's letters. */
export const kstartOptions: readonly OptionRow[] = [
  { flags: '-a', text: 'At every check, get or renew the ticket even if it still lasts.' },
  { flags: '-b', text: 'Continue in the background once there is a ticket.' },
  { flags: '-c <file>', text: "Write the command's process number to this file." },
  { flags: '-H <minutes>', text: 'Keep a ticket that remains valid for at least this long.' },
  { flags: '-h', text: 'Show this help.' },
  { flags: '-K <minutes>', text: 'Keep running, and check the ticket at this interval.' },
  { flags: '-k <cache>', text: 'Use this cache.' },
  { flags: '-L', text: 'Send messages to the system log, too.' },
  { flags: '-p <file>', text: 'Write the process number of this program to this file.' },
  { flags: '-t', text: 'Run aklog, or the program in AKLOG, whenever there is a new ticket.' },
  { flags: '-v', text: 'Print more messages.' },
  { flags: '-x', text: 'End at the first error.' },
];

/** Seconds between two checks while a command runs. */
const HOUR = 3600;

/**
 * The job that the common options describe. Throws KerberosError CONFIG_VALUE for contradictory options, in kstart's
 * words.
 */
export function kstartJob(
  args: Arguments,
  command: readonly string[],
  program: string,
): Pick<
  Job,
  | 'program'
  | 'cacheName'
  | 'memory'
  | 'command'
  | 'services'
  | 'interval'
  | 'happy'
  | 'always'
  | 'exitOnError'
  | 'pidFile'
  | 'childPidFile'
  | 'daemon'
  | 'mask'
  | 'log'
> {
  const hasCommand = command.length > 0;
  const interval = minutes(args.value('K'), '-K interval');
  const lasting = hasCommand || interval !== undefined;
  if (args.has('a') && !lasting) throw wrong('-a only makes sense with -K or a command to run');
  if (args.has('b') && !lasting) throw wrong('-b only makes sense with -K or a command to run');
  if (args.has('c') && !hasCommand) throw wrong('-c option only makes sense with a command to run');
  const readyFd = args.value('readyFd');
  return {
    program,
    cacheName: args.value('k'),
    memory: false,
    command,
    services: [],
    interval: interval ?? (hasCommand ? HOUR : undefined),
    happy: minutes(args.value('H'), '-H limit'),
    always: args.has('a'),
    exitOnError: args.has('x'),
    pidFile: args.value('p'),
    childPidFile: args.value('c'),
    daemon: readyFd === undefined ? undefined : { readyFd: Number(readyFd), directory: '/' },
    mask: false,
    log: args.has('L') ? line => void logLine(program, line) : undefined,
  };
}

/** Invalid numbers are reported before contradictions. */
export function checkNumbers(args: Arguments): void {
  minutes(args.value('K'), '-K interval');
  minutes(args.value('H'), '-H limit');
}

/** Whole minutes or parts of them, in seconds. */
export function minutes(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (number === 0) throw wrong(`${what} argument ${text} invalid`);
  return number * 60;
}

/** What to do with the cache, and which program to run, whenever there are new tickets. */
export function kstartAfterwards(args: Arguments): Job['afterwards'] {
  const { owner, group, mode } = { owner: args.value('o'), group: args.value('g'), mode: args.value('m') };
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) throw wrong(`-m mode argument ${mode} invalid`);
  const changes = (owner ?? group ?? mode) !== undefined;
  if (!changes && !args.has('t')) return undefined;
  return async (cache, env, io) => {
    if (changes && cache.type !== 'FILE') throw wrong('cannot set permissions on a cache that is not a file');
    if (owner !== undefined || group !== undefined) await changeOwner(owner, group, cache);
    if (mode !== undefined) changeMode(mode, cache);
    if (args.has('t')) await runAklog(env, io);
  };
}

/** The system looks up the names of users and groups. */
async function changeOwner(owner = '', group: string | undefined, { residual }: Ccache): Promise<void> {
  // To chown, a user followed by a colon means the user's own group as well.
  const whose = group !== undefined ? `${owner}:${group}` : /^\d+$/.test(owner) ? owner : `${owner}:`;
  const { status, said } = await runProgram('chown', ['--', whose, residual]);
  if (status !== 0) throw wrong(`cannot change the owner of ${residual}: ${said}`);
}

function changeMode(mode: string, { residual }: Ccache): void {
  try {
    chmodSync(residual, Number.parseInt(mode, 8));
  } catch (error) {
    throw wrong(`cannot change the mode of ${residual}: ${systemReason(error)}`);
  }
}

async function runAklog(env: NodeJS.ProcessEnv, io: Io): Promise<void> {
  const program = env.AKLOG ?? env.KINIT_PROG ?? '/usr/bin/aklog';
  if (program === '') throw wrong('set AKLOG to specify the path to aklog');
  const { status, said } = await runProgram(program, [], env);
  if (status !== 0) io.err(`${program}: ${said || `status ${status}`}\n`);
}

async function logLine(program: string, line: string): Promise<void> {
  await runProgram('logger', ['-p', 'daemon.warning', '-t', program, '--', line]);
}

async function runProgram(program: string, args: readonly string[], env?: NodeJS.ProcessEnv) {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: env ?? process.env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  return new Promise<{ readonly status: number; readonly said: string }>(resolve => {
    child.once('error', error => resolve({ status: 127, said: systemReason(error) }));
    child.once('close', status => resolve({ status: status ?? 1, said: said.trim() }));
  });
}

/** A mistake in the command line, reported without the usage. */
export function wrong(sentence: string): KerberosError {
  return new KerberosError('CONFIG_VALUE', sentence);
}
