import { HelpRequested, parseArguments } from './arguments.ts';
import { ActivityError, type Command, UsageError } from './command.ts';
import { printable, sentence } from './sentences.ts';
import type { Io } from './terminal.ts';
import { KERBEROS_4_STATUS, wantsKerberos4 } from './version-options.ts';

/** Runs a command with its arguments; resolves to the exit status. What goes wrong is told in one line on stderr. */
export async function runCommand(command: Command, argv: readonly string[], io: Io): Promise<number> {
  try {
    const posixlyCorrect = io.env.POSIXLY_CORRECT !== undefined;
    const args = parseArguments(command, argv, { posixlyCorrect });
    if (wantsKerberos4(args)) {
      io.err('Kerberos 4 is no longer supported\n');
      return KERBEROS_4_STATUS;
    }
    return await command.run(args, io);
  } catch (error) {
    if (error instanceof HelpRequested) {
      const { helpText } = await import('./parser.ts');
      io.out(helpText(command));
      return 0;
    }
    if (error instanceof UsageError) {
      const usage = command.usage ?? `${`Usage: ${command.name} [options] ${command.operands}`.trimEnd()}\n`;
      io.err(error.message === '' ? usage : `${error.message}\n${usage}`);
      return command.usageStatus;
    }
    tellError(command.name, error, io);
    return 1;
  }
}

/** `PROG: what happened while activity`, the form of every error line. */
export function tellError(program: string, error: unknown, io: Io): void {
  const [cause, activity] =
    error instanceof ActivityError
      ? [error.cause, ` ${error.joint} ${error.activity}`.replace('  ', ' ')]
      : [error, ''];
  // Names in it may come from a KDC or a file.
  io.err(`${printable(`${program}: ${sentence(cause)}${activity}`)}\n`);
}
