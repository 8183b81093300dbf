import type { Arguments, Command } from './command.ts';
import type { Io } from './terminal.ts';

/** The world as `--quiet` and `--no-color` have a command see it: nobody who reads stdout, and no colours. */
export function withManners(args: Arguments, { options }: Command, io: Io): Io {
  // A command's own `--quiet` is its own affair.
  const silent = args.has('quiet') && !options.some(({ flags }) => flags.endsWith('--quiet'));
  return Object.create(io, {
    ...(silent && { out: { value: () => undefined } }),
    ...(args.has('noColor') && { env: { value: { ...io.env, NO_COLOR: '1' } } }),
  });
}
