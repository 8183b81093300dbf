import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { Arguments, Command } from '../command.ts';
import { descriptorNumber } from '../job/descriptor.ts';
import type { Io } from '../terminal.ts';

/** The option by which a daemon knows where to tell that it has become one. */
export const readyOption = {
  flags: '--ready-fd <number>',
  text: 'Report there that the first ticket has been obtained.',
  hidden: true,
  ours: true,
};

/** The daemon's side of it. */
interface DaemonPlace {
  readonly readyFd: number;
  readonly directory: string | undefined;
}

/**
 * Starts the same command once more as a daemon, in a session of its own, and waits until it has the first ticket or
 * ends: what it says until then is told here. Resolves to the exit status.
 */
export async function runInBackground(
  command: Command,
  args: Arguments,
  { word, keeps = [] }: { readonly word: string; readonly keeps?: readonly (string | undefined)[] },
  io: Io,
): Promise<number> {
  const kept = keeps.flatMap(fd => (fd === undefined ? [] : [openDescriptor(fd)]));
  let readyFd = 3;
  while (kept.includes(readyFd)) readyFd++;
  const stdio: ('ignore' | 'pipe' | number)[] = [kept.includes(0) ? 0 : 'ignore', 'ignore', 'pipe'];
  for (let fd = 3; fd <= Math.max(readyFd, ...kept); fd++) {
    stdio.push(fd === readyFd ? 'pipe' : kept.includes(fd) ? fd : 'ignore');
  }
  const [node, ...script] = io.program;
  const child = spawn(node!, [...script, word, `--ready-fd=${readyFd}`, ...sameArguments(command, args)], {
    cwd: io.cwd,
    env: io.env as NodeJS.ProcessEnv,
    detached: true,
    stdio,
  });
  child.stderr?.setEncoding('utf8').on('data', text => io.err(text));
  // Whoever gives up waiting does not want a daemon either, and signals of the terminal do not reach it.
  io.onStop(signal => void child.kill(signal));
  return new Promise(resolve => {
    child.once('error', ({ message }) => {
      io.err(`${command.name}: ${message}\n`);
      resolve(1);
    });
    child.once('close', (status, signal) => resolve(status ?? 128 + constants.signals[signal!]));
    const ready = child.stdio[readyFd] as NodeJS.ReadableStream;
    ready.once('data', () => {
      child.unref();
      resolve(0);
    });
  });
}

/** Becomes one; the function returned tells whoever waits that it need not wait any longer, and nobody listens from then on. */
export function becomeDaemon({ readyFd, directory }: DaemonPlace): () => void {
  let waiting = true;
  if (directory !== undefined) process.chdir(directory);
  return () => {
    if (!waiting) return;
    waiting = false;
    // Whoever writes to a pipe without a reader is ended.
    closeSync(2);
    openSync('/dev/null', 'w');
    try {
      writeSync(readyFd, '.');
      closeSync(readyFd);
    } catch {
      // Whoever waited has been killed; what was asked for is done all the same.
    }
  };
}

/** A number that can be passed on. Throws UsageError for what is none, KerberosError for one that is not open. */
function openDescriptor(text: string): number {
  const fd = descriptorNumber(text);
  try {
    fstatSync(fd);
    return fd;
  } catch (error) {
    throw new KerberosError('CACHE_IO', `Cannot read descriptor ${fd}: ${systemReason(error)}`, {
      cause: error,
    });
  }
}

/** The words that would give these arguments again, without `-b`. */
function sameArguments({ options }: Command, args: Arguments): readonly string[] {
  const words = options.flatMap(({ flags }) => {
    const [, letter, long] = /^(?:-(\w))?(?:, )?(?:--([\w-]+))?/.exec(flags)!;
    if (letter === 'b') return [];
    const name = long?.replace(/-(\w)/g, (_, first: string) => first.toUpperCase()) ?? letter!;
    const values = args.values(name);
    const option = long === undefined ? `-${letter}` : `--${long}`;
    if (!flags.includes('<')) return values.map(() => option);
    return values.flatMap(value => (long === undefined ? [option, value] : [`${option}=${value}`]));
  });
  const { operands, beforeDashes } = args;
  return [...words, ...operands.slice(0, beforeDashes), '--', ...operands.slice(beforeDashes)];
}
