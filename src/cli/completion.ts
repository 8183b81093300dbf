import { type Arguments, type Command, jsonOption, UsageError } from './command.ts';
import type { Io } from './terminal.ts';

const name = 'krb5kit completion';

/** completion: prints a script that makes a shell complete our commands. */
export const completion: Command = {
  name,
  summary: 'Print a script for the completion of commands, options and names.',
  operands: 'bash|zsh|fish|powershell',
  usageStatus: 2,
  printsResult: true,
  options: [
    jsonOption,
    {
      flags: '--values <kind>',
      text: 'Print the names of this kind in the caches, one per line.',
      hidden: true,
    },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const kind = args.value('values');
  if (kind !== undefined) {
    const { valuesInCaches } = await import('./completion/values.ts');
    for (const value of await valuesInCaches(kind, io)) io.out(`${value}\n`);
    return 0;
  }
  const [shell, ...rest] = args.operands;
  const { completionScript, shells } = await import('./completion/script.ts');
  if (shell === undefined || rest.length > 0) throw new UsageError(`${name}: name one shell`);
  const script = await completionScript(shell, completion);
  if (script === undefined) {
    throw new UsageError(`${name}: there is no script for '${shell}', only for ${shells.join(', ')}`);
  }
  io.out(script);
  return 0;
}
