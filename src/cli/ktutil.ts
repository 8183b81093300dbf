import { type Arguments, type Command, jsonOption } from './command.ts';
import { ktutilAdd } from './ktutil/add.ts';
import { ktutilCopy, ktutilMerge } from './ktutil/copy.ts';
import { ktutilDiff } from './ktutil/diff.ts';
import { ktutilList } from './ktutil/list.ts';
import { ktutilPurge, ktutilRemove, ktutilRename } from './ktutil/remove.ts';
import { ktutilRotate } from './ktutil/rotate.ts';
import { runShell } from './ktutil/shell.ts';
import { ktutilVerify } from './ktutil/verify.ts';
import { runCommand } from './run-command.ts';
import { openSession } from './session.ts';
import { subcommandOf } from './subcommand.ts';
import type { Io } from './terminal.ts';

const subcommands: Readonly<Record<string, Command>> = {
  add: ktutilAdd,
  list: ktutilList,
  merge: ktutilMerge,
  copy: ktutilCopy,
  purge: ktutilPurge,
  remove: ktutilRemove,
  rename: ktutilRename,
  diff: ktutilDiff,
  verify: ktutilVerify,
  rotate: ktutilRotate,
};

const width = Math.max(...Object.keys(subcommands).map(word => word.length));
const list = Object.entries(subcommands).map(
  ([word, { summary }]) => `  ${word.padEnd(width)}  ${summary}\n`,
);

/** ktutil: reads requests about keys, as MIT's does, or executes the one on the command line. */
export const ktutil: Command = {
  name: 'ktutil',
  summary: 'Manage keytabs.',
  operands: '[command [argument...]]',
  usageStatus: 2,
  usage: 'Usage: ktutil [command [argument...]]\nSee ktutil --help for the commands.\n',
  options: [jsonOption],
  epilogue: `\nCommands:\n${list.join('')}\nktutil <command> --help shows the options of a command. Without a command, requests are read from standard input; ? lists them.`,
  passThrough: true,
  subcommands,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const command = subcommandOf(ktutil, args);
  if (command !== undefined) return runCommand(command, args.operands.slice(1), io);
  await runShell(openSession(io));
  return 0;
}
