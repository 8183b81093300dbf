import { cacheBackend } from './cache/backend.ts';
import { cacheCopy, cacheMove } from './cache/copy.ts';
import { cacheExport } from './cache/export.ts';
import { cacheImport } from './cache/import.ts';
import { cacheList } from './cache/list.ts';
import { cacheLock } from './cache/lock.ts';
import { cacheRemove, cacheSweep } from './cache/remove.ts';
import { type Arguments, type Command, jsonOption, UsageError } from './command.ts';
import { runCommand } from './run-command.ts';
import { subcommandOf } from './subcommand.ts';
import type { Io } from './terminal.ts';

const subcommands: Readonly<Record<string, Command>> = {
  list: cacheList,
  copy: cacheCopy,
  move: cacheMove,
  remove: cacheRemove,
  sweep: cacheSweep,
  import: cacheImport,
  export: cacheExport,
  backend: cacheBackend,
  lock: cacheLock,
};

const name = 'krb5kit cache';
const width = Math.max(...Object.keys(subcommands).map(word => word.length));
const list = Object.entries(subcommands).map(
  ([word, { summary }]) => `  ${word.padEnd(width)}  ${summary}\n`,
);

/** cache: operations on caches besides getting tickets and listing them. */
export const cache: Command = {
  name,
  summary: 'List, copy, move and tidy caches; import and export tickets.',
  operands: '<command> [argument...]',
  usageStatus: 2,
  usage: `Usage: ${name} <command> [argument...]\nSee ${name} --help for the commands.\n`,
  options: [jsonOption],
  epilogue: `\nCommands:\n${list.join('')}\n${name} <command> --help shows the options of a command.`,
  passThrough: true,
  subcommands,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const command = subcommandOf(cache, args);
  if (command === undefined) throw new UsageError('');
  return runCommand(command, args.operands.slice(1), io);
}
