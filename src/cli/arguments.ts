import { type Arguments, allOptions, type Command, type OptionRow, UsageError } from './command.ts';

/** `--help` was asked for. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
}

/** What every command has. */
const help: OptionRow = { flags: '--help', text: 'Show this help.', ours: true };

interface Parse {
  readonly command: Command;
  readonly argv: readonly string[];
  /** The word that comes next. */
  next: number;
  readonly values: Map<string, string[]>;
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
  const parse: Parse = { command, argv, next: 0, values: new Map() };
  const { values } = parse;
  const operands: string[] = [];
  let dashed = false;
  while (parse.next < argv.length) {
    const word = argv[parse.next++]!;
    dashed = word === '--';
    if (dashed) break;
    if (word.startsWith('--')) takeLong(parse, word);
    else if (isLetters(word, command)) takeLetters(parse, word);
    else {
      operands.push(word);
      if (endsAtOperand) break;
    }
  }
  const rest = argv.slice(parse.next);
  return {
    has: name => values.has(name),
    value: name => values.get(name)?.at(-1),
    values: name => values.get(name) ?? [],
    operands: [...operands, ...rest],
    beforeDashes: dashed ? operands.length : operands.length + rest.length,
  };
}

function isLetters(word: string, { takesNegative }: Command): boolean {
  if (word.length < 2 || !word.startsWith('-')) return false;
  return !(takesNegative && /^-\d+$/.test(word));
}

function takeLetters(parse: Parse, word: string): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at]!;
    const row = allOptions(parse.command).find(({ flags }) => letterOf(flags) === letter);
    if (row === undefined)
      throw refusal(parse, `invalid option -- '${String.fromCodePoint(word.codePointAt(at)!)}'`);
    if (!takesValue(row)) {
      keep(parse, row, '');
      if (!row.final) continue;
      parse.next = parse.argv.length;
      return;
    }
    const value = at + 1 < word.length ? word.slice(at + 1) : parse.argv[parse.next++];
    if (value === undefined) throw refusal(parse, `option requires an argument -- '${letter}'`);
    keep(parse, row, value);
    return;
  }
}

function takeLong(parse: Parse, word: string): void {
  const end = word.indexOf('=');
  const row = rowOfLong(parse, end < 0 ? word : word.slice(0, end), word);
  if (row === help && end < 0) throw new HelpRequested();
  if (!takesValue(row)) {
    if (end >= 0) throw refusal(parse, `option '${longOf(row.flags)}' doesn't allow an argument`);
    keep(parse, row, '');
    return;
  }
  const value = end < 0 ? parse.argv[parse.next++] : word.slice(end + 1);
  if (value === undefined) throw refusal(parse, `option '${longOf(row.flags)}' requires an argument`);
  keep(parse, row, value);
}

/** The row of a long name, or of the only one that begins so. */
function rowOfLong(parse: Parse, name: string, word: string): OptionRow {
  const known = [...allOptions(parse.command), help];
  const fitting = known.filter(({ flags }) => longOf(flags)?.startsWith(name));
  // What was short for one of MIT's stays so.
  const theirs = fitting.filter(({ ours, flags }) => !ours || longOf(flags) === name);
  const rows = theirs.length > 0 ? theirs : fitting;
  const row = rows.find(({ flags }) => longOf(flags) === name) ?? rows[0];
  if (row === undefined) {
    // To a command of letters alone the second hyphen is one.
    const takesLong = parse.command.options.some(({ flags, ours }) => !ours && longOf(flags) !== undefined);
    throw refusal(parse, takesLong ? `unrecognized option '${word}'` : "invalid option -- '-'");
  }
  if (rows.length > 1 && longOf(row.flags) !== name) {
    const list = rows.map(({ flags }) => `'${longOf(flags)}'`).join(' ');
    throw refusal(parse, `option '${word}' is ambiguous; possibilities: ${list}`);
  }
  return row;
}

/** Adds a value under the name that the command asks for. */
function keep({ values }: Parse, { flags }: OptionRow, value: string): void {
  const name = longOf(flags)?.slice(2) ?? letterOf(flags)!;
  const key = name.length === 1 ? name : name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const known = values.get(key);
  if (known === undefined) values.set(key, [value]);
  else known.push(value);
}

function refusal({ command }: Parse, words: string): UsageError {
  return new UsageError(`${command.name}: ${words}`);
}

function letterOf(flags: string): string | undefined {
  return flags[1] === '-' ? undefined : flags[1];
}

/** With its two hyphens. */
function longOf(flags: string): string | undefined {
  const start = flags.indexOf('--');
  return start < 0 ? undefined : flags.slice(start).split(' ', 1)[0];
}

function takesValue({ flags }: OptionRow): boolean {
  return flags.endsWith('>');
}
