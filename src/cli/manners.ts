import { KerberosError } from '../errors.ts';
import type { Arguments, Command } from './command.ts';
import type { Io } from './terminal.ts';

/**
 * The world as `--quiet`, `--no-color` and `--json` have a command see it: nobody who reads stdout, no colours, and no
 * prompts among what a program reads.
 */
export function withManners(args: Arguments, { options }: Command, io: Io): Io {
  // A command's own `--quiet` is its own affair.
  const silent = args.has('quiet') && !options.some(({ flags }) => flags.endsWith('--quiet'));
  return Object.create(io, {
    ...(silent && { out: { value: () => undefined } }),
    ...(args.has('noColor') && { env: { value: { ...io.env, NO_COLOR: '1' } } }),
    ...(args.has('json') && { readPassword: { value: (prompt: string) => readAside(prompt, io) } }),
  });
}

/** The same world without anybody who reads stdout. */
export function muted(io: Io): Io {
  return Object.create(io, { out: { value: () => undefined } });
}

/** The same world with stderr in the place of stdout, for what is not the result. */
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
