import { type Arguments, type Command, UsageError } from './command.ts';
import { type CommandRow, commands } from './commands.ts';
import { runCommand } from './run-command.ts';
import type { Io } from './terminal.ts';
import { VERSION } from './version.ts';

/**
 * Every command, including the one that generates shell completions, which cannot be in the table that it describes.
 */
export const allCommands: Readonly<Record<string, CommandRow>> = {
  ...commands,
  completion: {
    summary: 'Print a script for the completion of commands, options and names.',
    load: async () => (await import('./completion.ts')).completion,
  },
};

const width = Math.max(...Object.keys(allCommands).map(name => name.length));
const list = Object.entries(allCommands).map(
  ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`,
);

/** krb5kit: every command under one name. */
export const krb5kit: Command = {
  name: 'krb5kit',
  summary: 'A Kerberos 5 toolkit: tickets, caches, services and a KDC.',
  operands: '<command> [argument...]',
  usageStatus: 2,
  usage: 'Usage: krb5kit <command> [argument...]\nSee krb5kit --help for the commands.\n',
  options: [{ flags: '--version', text: 'Show the version.' }],
  epilogue: `\nCommands:\n${list.join('')}\nkrb5kit help <command> shows the options of a command.`,
  passThrough: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.has('version')) {
    io.out(`krb5kit version ${VERSION}\n`);
    return 0;
  }
  const [name, ...rest] = args.operands;
  if (name === undefined) throw new UsageError('');
  if (name === 'help') {
    const { fullHelp } = await import('./help.ts');
    io.out(fullHelp(await described(rest)));
    return 0;
  }
  return runCommand(await find(name), rest, io);
}

/** The command that these words call; krb5kit itself if they ask for help. */
async function described([name, ...rest]: readonly string[]): Promise<Command> {
  if (name === undefined || name === 'help' || name === '--help') return krb5kit;
  let command = await find(name);
  let path = name;
  for (const word of rest) {
    const { subcommands = {} } = command;
    const names = Object.keys(subcommands).map(each => `${path} ${each}`);
    path = `${path} ${word}`;
    if (!Object.hasOwn(subcommands, word)) throw await unknown(path, names);
    command = subcommands[word]!;
  }
  return command;
}

async function find(name: string): Promise<Command> {
  const row = Object.hasOwn(allCommands, name) ? allCommands[name] : undefined;
  if (row === undefined) throw await unknown(name, [...Object.keys(allCommands), 'help']);
  return row.load();
}

async function unknown(words: string, names: readonly string[]): Promise<UsageError> {
  const { unknownCommand } = await import('./nearest.ts');
  return unknownCommand('krb5kit', words, names);
}
