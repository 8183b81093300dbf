import { CompleteError } from '../local/activity.ts';
import type { Io } from './terminal.ts';

/** A row of a command's option table. */
export interface OptionRow {
  /** `-c, --cache <name>`, or only the letter or the long name; `<…>` means that the argument is required. */
  readonly flags: string;
  /** One sentence for `--help` and the man page. */
  readonly text: string;
  /** Omitted from `--help` and the man page: accepted for compatibility only. */
  readonly hidden?: boolean;
  /** Parsing stops after this option. */
  readonly final?: boolean;
  /** Not an option of MIT's: without it, MIT's command would have no long options. */
  readonly ours?: boolean;
}

/** The row for commands that contact KDCs. */
export const jsonOption: OptionRow = {
  flags: '--json',
  text: 'Report a failure as one line of JSON on stderr.',
  ours: true,
};

/** The row for commands that list or report something. */
export const jsonOutput: OptionRow = {
  flags: '--json',
  text: 'Print one line of JSON; report a failure as one on stderr.',
  ours: true,
};

/** The options of every command. */
const commonOptions: readonly OptionRow[] = [
  { flags: '--quiet', text: 'Print only errors.', ours: true },
  { flags: '--no-color', text: 'Use no colours.', ours: true },
];

/** All options of a command: its own, and the common ones that it does not replace by its own. */
export function allOptions({ options }: Command): readonly OptionRow[] {
  const common = commonOptions.filter(({ flags }) => !options.some(own => own.flags.endsWith(flags)));
  return [...options, ...common];
}

/** A command: its options, and what it does. */
export interface Command {
  readonly name: string;
  /** One line that describes its purpose. */
  readonly summary: string;
  /** The operands as `--help` shows them, such as `[principal]`. */
  readonly operands: string;
  readonly options: readonly OptionRow[];
  /** The text of `--help` after the options. */
  readonly epilogue?: string;
  /** The text on stderr after a usage error; a line made from the options if not given. */
  readonly usage?: string;
  /** The exit status of a usage error. */
  readonly usageStatus: number;
  /** Whether failures are explained, since a KDC may have caused them. */
  readonly asksKdc?: boolean;
  /** Whether the command never listens on a socket, which makes contacting KDCs cheaper. */
  readonly neverListens?: boolean;
  /** Whether it fails if its output cannot be written, as every command does with `--json`. */
  readonly printsResult?: boolean;
  /** Whether an operand may be a negative number, which looks like an option. */
  readonly takesNegative?: boolean;
  /**
   * Whether the command reports mistakes in its options itself, from `given`, and continues after one where MIT's does.
   */
  readonly tellsMistakes?: boolean;
  /** Whether options end at the first operand, which begins something else, such as a command to run. */
  readonly passThrough?: boolean;
  /** Subcommands by name; the words after the name are theirs. */
  readonly subcommands?: Readonly<Record<string, Command>>;
  /** Does the work; resolves to the exit status. An error is reported in one line, with status 1. */
  run(args: Arguments, io: Io): Promise<number>;
}

/** A parsed command line. An option has its long name in camelCase, else its letter. */
export interface Arguments {
  has(name: string): boolean;
  /** The value; the last one if the option is repeated. */
  value(name: string): string | undefined;
  /** Every value, in order. */
  values(name: string): readonly string[];
  /** The options in order, including mistakes. */
  readonly given: readonly Given[];
  readonly operands: readonly string[];
  /** How many of the operands precede `--`; all of them if there is none. */
  readonly beforeDashes: number;
}

/** An option as given, with '' for a missing value, or a mistake in getopt's words. */
export type Given = { readonly option: string; readonly value: string } | { readonly mistake: string };

/** The long flag of an option by its name in camelCase. */
export function longFlag(option: string): string {
  return `--${option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/** A wrong command line: `message`, if there is one, is printed to stderr, followed by the usage. */
export class UsageError extends CompleteError {
  override readonly name = 'UsageError';
  /** The exit status if it is not that of the command's other usage errors; the usage is not printed then. */
  readonly exitStatus: number | undefined;

  constructor(message: string, exitStatus?: number) {
    super(message);
    this.exitStatus = exitStatus;
  }
}
