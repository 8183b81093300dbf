import {
  type Arguments,
  allOptions,
  type Command,
  type Given,
  type OptionRow,
  UsageError,
} from './command.ts';

/** `--help` was asked for. */
export class HelpRequested extends Error {
  override readonly name = 'HelpRequested';
}

/** The options of every command. */
const help: OptionRow = { flags: '--help', text: 'Show this help.', ours: true };

interface Parse {
  readonly command: Command;
  readonly argv: readonly string[];
  /** The index of the next word. */
  next: number;
  readonly values: Map<string, string[]>;
  readonly given: Given[];
}

/**
 * Parses a command line like getopt_long: options and operands in any order, bundled letters, long names abbreviated as
 * far as they are unique. Throws HelpRequested for `--help`, and UsageError in getopt's words for the first mistake
 * unless the command reports mistakes itself.
 */
export function parseArguments(
  command: Command,
  argv: readonly string[],
  { posixlyCorrect = false } = {},
): Arguments {
  const endsAtOperand = posixlyCorrect || command.passThrough === true;
  const parse: Parse = { command, argv, next: 0, values: new Map(), given: [] };
  const { values, given } = parse;
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
    given,
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
    if (row === undefined) {
      const character = String.fromCodePoint(word.codePointAt(at)!);
      at += character.length - 1;
      refuse(parse, `invalid option -- '${character}'`);
      continue;
    }
    if (!takesValue(row)) {
      keep(parse, row, '');
      if (!row.final) continue;
      parse.next = parse.argv.length;
      return;
    }
    const value = at + 1 < word.length ? word.slice(at + 1) : parse.argv[parse.next++];
    if (value === undefined) refuse(parse, `option requires an argument -- '${letter}'`);
    else keep(parse, row, value);
    return;
  }
}

function takeLong(parse: Parse, word: string): void {
  const end = word.indexOf('=');
  const name = end < 0 ? word : word.slice(0, end);
  const [row, ...others] = rowsOfLong(parse, name);
  if (row === undefined) {
    // A command that has only letters takes the second hyphen for one.
    if (takesLong(parse)) refuse(parse, `unrecognized option '${word}'`);
    else takeLetters(parse, word);
    return;
  }
  if (others.length > 0) {
    const list = [row, ...others].map(({ flags }) => `'${longOf(flags)}'`).join(' ');
    refuse(parse, `option '${word}' is ambiguous; possibilities: ${list}`);
    return;
  }
  if (row === help && end < 0) throw new HelpRequested();
  if (!takesValue(row)) {
    if (end >= 0) refuse(parse, `option '${longOf(row.flags)}' doesn't allow an argument`);
    else keep(parse, row, '');
    return;
  }
  const value = end < 0 ? parse.argv[parse.next++] : word.slice(end + 1);
  if (value === undefined) refuse(parse, `option '${longOf(row.flags)}' requires an argument`);
  else keep(parse, row, value);
}

/** The row of a long name, or all rows whose names begin with it. */
function rowsOfLong({ command }: Parse, name: string): readonly OptionRow[] {
  const known = [...allOptions(command), help];
  const fitting = known.filter(({ flags }) => longOf(flags)?.startsWith(name));
  const exact = fitting.find(({ flags }) => longOf(flags) === name);
  if (exact !== undefined) return [exact];
  // An abbreviation of one of MIT's options remains valid.
  const theirs = fitting.filter(({ ours }) => !ours);
  return theirs.length > 0 ? theirs : fitting;
}

function takesLong({ command }: Parse): boolean {
  return command.options.some(({ flags, ours }) => !ours && longOf(flags) !== undefined);
}

/** Adds a value under the name by which the command asks for it. */
function keep({ values, given }: Parse, { flags }: OptionRow, value: string): void {
  const name = longOf(flags)?.slice(2) ?? letterOf(flags)!;
  const key = name.length === 1 ? name : name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  given.push({ option: key, value });
  const known = values.get(key);
  if (known === undefined) values.set(key, [value]);
  else known.push(value);
}

function refuse({ command, given }: Parse, words: string): void {
  const mistake = `${command.name}: ${words}`;
  if (!command.tellsMistakes) throw new UsageError(mistake);
  given.push({ mistake });
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
