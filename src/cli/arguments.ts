import { CommanderError, type Option } from 'commander';
import { type Arguments, type Command, UsageError } from './command.ts';
import { createParser } from './parser.ts';

/** `--help` was asked for. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
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
  const endsAtOperand = posixlyCorrect || command.passThrough === true;
  const parser = createParser(command).passThroughOptions(endsAtOperand);
  const values = new Map<string, string[]>();
  for (const option of parser.options) {
    const key = camelCase(option.name());
    parser.on(`option:${option.name()}`, (value?: string) => {
      values.set(key, [...(values.get(key) ?? []), value ?? '']);
    });
  }
  const given = unabbreviated(argv, { command, options: parser.options, endsAtOperand });
  try {
    parser.parse(given, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') throw new HelpRequested();
    const takesLong = command.options.some(({ flags, ours }) => !ours && flags.includes('--'));
    throw new UsageError(
      `${command.name}: ${inGetoptsWords(error, given, { options: parser.options, takesLong })}`,
    );
  }
  return {
    has: name => values.has(name),
    value: name => values.get(name)?.at(-1),
    values: name => values.get(name) ?? [],
    operands: parser.args,
  };
}

function camelCase(name: string): string {
  return name.length === 1 ? name : name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function inGetoptsWords(
  error: CommanderError,
  given: readonly string[],
  { options, takesLong }: { readonly options: readonly Option[]; readonly takesLong: boolean },
): string {
  if (error.code === 'commander.optionMissingArgument') {
    const last = given.at(-1)!;
    return last.startsWith('--')
      ? `option '${last}' requires an argument`
      : `option requires an argument -- '${last.at(-1)}'`;
  }
  const flag = /'(-[^']*)'/.exec(error.message)?.[1] ?? '';
  const name = flag.split('=', 1)[0];
  if (options.some(({ long }) => long === name)) return `option '${name}' doesn't allow an argument`;
  // To a command of letters alone the second hyphen is one.
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
