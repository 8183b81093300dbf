import { Command as Commander, CommanderError, Option } from 'commander';
import { type Arguments, type Command, UsageError } from './command.ts';

/** `--help` was asked for; `text` is what to print. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
  readonly text: string;

  constructor(text: string) {
    super('help');
    this.text = text;
  }
}

/**
 * Takes a command line apart as getopt_long does: options and operands in any order, letters bundled, long names
 * shortened as far as they stay unique. Throws UsageError in getopt's words, HelpRequested for `--help`.
 */
export function parseArguments(
  command: Command,
  argv: readonly string[],
  { posixlyCorrect = false } = {},
): Arguments {
  const values = new Map<string, string[]>();
  const options = command.options.map(({ flags, text, hidden = false }) => {
    return new Option(flags, text).hideHelp(hidden);
  });
  const endsAtOperand = posixlyCorrect || command.passThrough === true;
  let help = '';
  const parser = new Commander(command.name)
    .exitOverride()
    .configureOutput({
      writeOut: text => {
        help += text;
      },
      writeErr: () => undefined,
    })
    .helpOption('--help', 'Show this help.')
    .description(command.summary)
    .usage(command.operands === '' ? '[options]' : `[options] ${command.operands}`)
    .argument('[operands...]')
    .configureHelp({ visibleArguments: () => [] })
    .passThroughOptions(endsAtOperand)
    .addHelpText('after', command.epilogue ?? '');
  for (const option of options) {
    const key = camelCase(option.name());
    parser.addOption(option).on(`option:${option.name()}`, (value?: string) => {
      values.set(key, [...(values.get(key) ?? []), value ?? '']);
    });
  }
  const given = unabbreviated(argv, { command, options, endsAtOperand });
  try {
    parser.parse(given, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') throw new HelpRequested(help);
    throw new UsageError(`${command.name}: ${inGetoptsWords(error, given, options)}`);
  }
  return {
    has: name => values.has(name),
    value: name => values.get(name)?.at(-1),
    values: name => values.get(name) ?? [],
    operands: parser.args,
  };
}

/** The text of `--help`. */
export function helpText(command: Command): string {
  try {
    parseArguments(command, ['--help']);
  } catch (error) {
    if (error instanceof HelpRequested) return error.text;
    throw error;
  }
  throw new TypeError(`${command.name} has no help`);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function inGetoptsWords(error: CommanderError, given: readonly string[], options: readonly Option[]): string {
  if (error.code === 'commander.optionMissingArgument') {
    const last = given.at(-1)!;
    return last.startsWith('--')
      ? `option '${last}' requires an argument`
      : `option requires an argument -- '${last.at(-1)}'`;
  }
  const flag = /'(-[^']*)'/.exec(error.message)?.[1] ?? '';
  const takesLong = options.some(({ long }) => long !== undefined && long !== null);
  return flag.startsWith('--') && takesLong
    ? `unrecognized option '${flag}'`
    : `invalid option -- '${flag[1]}'`;
}

interface Known {
  readonly command: Command;
  readonly options: readonly Option[];
  readonly endsAtOperand: boolean;
}

/** The same words with every long name in full, which is how commander wants them. */
function unabbreviated(argv: readonly string[], known: Known): readonly string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--' || (known.endsAtOperand && !isOption(word))) return [...words, ...argv.slice(i)];
    const full = word.startsWith('--') ? fullName(word, known) : word;
    words.push(full);
    if (takesNextWord(full, known.options) && i + 1 < argv.length) words.push(argv[++i]!);
  }
  return words;
}

function isOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

function fullName(word: string, { command, options }: Known): string {
  const name = word.split('=', 1)[0]!;
  const longs = [...options.flatMap(({ long }) => long ?? []), '--help'];
  if (longs.includes(name)) return word;
  const matches = longs.filter(long => long.startsWith(name));
  if (matches.length > 1) {
    const list = matches.map(long => `'${long}'`).join(' ');
    throw new UsageError(`${command.name}: option '${word}' is ambiguous; possibilities: ${list}`);
  }
  return matches.length === 1 ? matches[0]! + word.slice(name.length) : word;
}

/** Whether the word ends in an option whose argument is the word after it. */
function takesNextWord(word: string, options: readonly Option[]): boolean {
  if (!isOption(word)) return false;
  if (word.startsWith('--')) return options.some(({ long, required }) => long === word && required);
  for (let i = 1; i < word.length; i++) {
    const option = options.find(({ short }) => short === `-${word[i]}`);
    if (option === undefined) return false;
    if (option.required) return i === word.length - 1;
  }
  return false;
}
