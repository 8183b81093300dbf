import { printable } from '../codec/text.ts';
import { ActivityError } from '../local/activity.ts';
import { sentence } from '../local/sentences.ts';
import { HelpRequested, parseArguments } from './arguments.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { fitLines } from './terminal/wrap.ts';
import type { Io } from './terminal.ts';

/** Runs a command with its arguments; resolves to the exit status. What goes wrong is told in one line on stderr. */
export async function runCommand(command: Command, argv: readonly string[], real: Io): Promise<number> {
  const io = fitted(real);
  let args: Arguments | undefined;
  let world = io;
  try {
    const posixlyCorrect = io.env.POSIXLY_CORRECT !== undefined;
    args = parseArguments(command, argv, { posixlyCorrect });
    if (args.has('quiet') || args.has('noColor') || args.has('json')) {
      const { withManners } = await import('./manners.ts');
      world = withManners(args, command, io);
    }
    const status = await command.run(args, world);
    if (command.printsResult || args.has('json')) (await import('./manners.ts')).settle(world);
    return status;
  } catch (error) {
    if (error instanceof HelpRequested) {
      const { fullHelp } = await import('./help.ts');
      io.out(fullHelp(command));
      return 0;
    }
    const failure = { program: command.name, error, exitStatus: 1 };
    if (error instanceof UsageError) {
      if (!args?.has('json') && !namesJson(argv)) return tellMisuse(error, command, world);
      const { exitStatus = command.usageStatus } = error;
      await tellInJson({ ...failure, exitStatus }, world);
      return exitStatus;
    }
    if (args !== undefined) await (command.asksKdc ? tellFailure : tellShortly)(failure, args, world);
    else tellError(failure.program, error, world);
    return failure.exitStatus;
  }
}

/** The same world, whose stderr has lines that fit where it is a terminal. */
function fitted(io: Io): Io {
  return Object.create(io, {
    err: { value: (text: string) => io.err(io.stderrIsTerminal ? fitLines(text, io.columns) : text) },
  });
}

function tellMisuse({ message, exitStatus }: UsageError, command: Command, io: Io): number {
  if (exitStatus !== undefined) {
    io.err(`${message}\n`);
    return exitStatus;
  }
  const usage = command.usage ?? `${`Usage: ${command.name} [options] ${command.operands}`.trimEnd()}\n`;
  io.err(message === '' ? usage : `${message}\n${usage}`);
  return command.usageStatus;
}

/** Whether JSON is asked for by words that cannot be taken apart, or of a command that does not exist. */
function namesJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).includes('--json');
}

/** A failure of a command, and the exit status that comes of it. */
export interface Failure {
  readonly program: string;
  readonly error: unknown;
  readonly exitStatus: number;
}

/**
 * Tells of the failure of a command that asks KDCs: in one line and, on a terminal or with `-V`, in more that say what
 * led to it; with `--json`, as one line of JSON instead.
 */
export async function tellFailure(failure: Failure, args: Arguments, io: Io): Promise<void> {
  if (args.has('json')) return tellInJson(failure, io);
  tellError(failure.program, failure.error, io);
  if (!io.stderrIsTerminal && !args.has('V')) return;
  const { explanation } = await import('./explain/failure.ts');
  io.err(explanation(failure, io));
}

/** Tells of a failure in one line; with `--json`, as one line of JSON. */
export async function tellShortly(failure: Failure, args: Arguments, io: Io): Promise<void> {
  if (args.has('json')) return tellInJson(failure, io);
  tellError(failure.program, failure.error, io);
}

async function tellInJson(failure: Failure, io: Io): Promise<void> {
  const { failureJson } = await import('./explain/json.ts');
  io.err(`${failureJson(failure, io)}\n`);
}

/** `PROG: what happened while activity`, the form of every error line. */
export function tellError(program: string, error: unknown, io: Io): void {
  // Names in it may come from a KDC or a file.
  io.err(`${printable(`${program}: ${whole(error)}`)}\n`);
}

function whole(error: unknown): string {
  if (!(error instanceof ActivityError)) return sentence(error);
  const { cause, joint, activity } = error;
  if (joint === ':') return `${activity}: ${sentence(cause)}`;
  return sentence(cause) + ` ${joint} ${activity}`.replace('  ', ' ');
}
