import { systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { ActivityError } from '../local/activity.ts';
import type { Arguments, Command } from './command.ts';
import type { Io } from './terminal.ts';

/**
 * The command's surroundings under `--quiet`, `--no-color` and `--json`: output suppressed, no colours, and prompts
 * kept out of what a program reads.
 */
export function withManners(args: Arguments, { options }: Command, io: Io): Io {
  // A command may have its own meaning for `--quiet`.
  const silent = args.has('quiet') && !options.some(({ flags }) => flags.endsWith('--quiet'));
  return Object.create(io, {
    ...(silent && { out: { value: () => undefined } }),
    ...(args.has('noColor') && { env: { value: { ...io.env, NO_COLOR: '1' } } }),
    ...(args.has('json') && { readPassword: { value: (prompt: string) => readAside(prompt, io) } }),
  });
}

/** Sees that all that was printed is written. */
export function settle(io: Io): void {
  try {
    io.settle();
  } catch (cause) {
    // In the words for any file: it is no cache.
    const failure = new KerberosError('CACHE_IO', systemReason(cause), { cause });
    throw new ActivityError('writing to the standard output', failure);
  }
}

/** The same surroundings with stdout suppressed. */
export function muted(io: Io): Io {
  return Object.create(io, { out: { value: () => undefined } });
}

/** The same surroundings with stderr in place of stdout, for output that is not the result. */
export function aside(io: Io): Io {
  return Object.create(io, { out: { value: (text: string) => io.err(text) } });
}

/** A pipe needs no prompt. */
async function readAside(prompt: string, io: Io): Promise<string> {
  if (io.stdinIsTerminal) return io.readPassphrase(prompt);
  const line = await io.readLine();
  if (line === undefined) throw new KerberosError('PASSWORD_UNREAD', 'Cannot read password');
  return line;
}
