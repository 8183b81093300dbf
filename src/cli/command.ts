import type { Io } from './terminal.ts';

/** A row of a command's option table. */
export interface OptionRow {
  /** `-c, --cache <name>`, with the letter or the long name alone where there is one of them; `<…>` is required. */
  readonly flags: string;
  /** One sentence for `--help` and the man page. */
  readonly text: string;
  /** Left out of `--help` and the man page: accepted only because it always was. */
  readonly hidden?: boolean;
  /** What comes after it is not looked at. */
  readonly final?: boolean;
  /** Not an option of MIT's: without it, the command is one of letters alone if it was before. */
  readonly ours?: boolean;
}

/** The row of commands that ask KDCs. */
export const jsonOption: OptionRow = {
  flags: '--json',
  text: 'Tell of a failure in one line of JSON on stderr.',
  ours: true,
};

/** The row of commands that list or tell something. */
export const jsonOutput: OptionRow = {
  flags: '--json',
  text: 'Print one line of JSON, and a failure as one on stderr.',
  ours: true,
};

/** What every command takes. */
const commonOptions: readonly OptionRow[] = [
  { flags: '--quiet', text: 'Print nothing but errors.', ours: true },
  { flags: '--no-color', text: 'Mark nothing with colours.', ours: true },
];

/** All that a command takes: its own options, and those of every command but where it has its own of that name. */
export function allOptions({ options }: Command): readonly OptionRow[] {
  const common = commonOptions.filter(({ flags }) => !options.some(own => own.flags.endsWith(flags)));
  return [...options, ...common];
}

/** A command: what it takes, and what it does. */
export interface Command {
  readonly name: string;
  /** One line that says what it is for. */
  readonly summary: string;
  /** The operands as `--help` shows them, such as `[principal]`. */
  readonly operands: string;
  readonly options: readonly OptionRow[];
  /** What `--help` says after the options. */
  readonly epilogue?: string;
  /** What is printed on stderr after a usage error; one line made from the table if not given. */
  readonly usage?: string;
  /** The exit status of a usage error. */
  readonly usageStatus: number;
  /** What goes wrong is explained, as it may be a KDC's doing. */
  readonly asksKdc?: boolean;
  /** Never listens on a socket; asking KDCs costs it less. */
  readonly neverListens?: boolean;
  /** An operand may be a number below zero, which looks like an option. */
  readonly takesNegative?: boolean;
  /** It tells of mistakes among its options itself, as `given` has them, and goes on after one where MIT's does. */
  readonly tellsMistakes?: boolean;
  /** Options end at the first operand, which begins something else, such as a command to run. */
  readonly passThrough?: boolean;
  /** Commands of its own by the word that calls them; what comes after that word is theirs. */
  readonly subcommands?: Readonly<Record<string, Command>>;
  /** Does the work; resolves to the exit status. What it throws is told in one line, with status 1. */
  run(args: Arguments, io: Io): Promise<number>;
}

/** A command line that has been taken apart. An option goes by its long name in camelCase, else by its letter. */
export interface Arguments {
  has(name: string): boolean;
  /** The value; the last one where the option came more than once. */
  value(name: string): string | undefined;
  /** Every value, in order. */
  values(name: string): readonly string[];
  /** The options in order, and what is wrong among them. */
  readonly given: readonly Given[];
  readonly operands: readonly string[];
  /** How many of them stand before `--`; all of them where there is none. */
  readonly beforeDashes: number;
}

/** An option as it was given, without a value as '', or a mistake in getopt's words. */
export type Given = { readonly option: string; readonly value: string } | { readonly mistake: string };

/** The command line is wrong: `message`, where there is one, goes to stderr and the usage after it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What went wrong happened while the command was doing something: `PROG: cause while activity`. */
export class ActivityError extends Error {
  override readonly name = 'ActivityError';
  /** `getting initial credentials`, for instance. */
  readonly activity: string;
  /** The word between the two: `while`; MIT has others here and there. */
  readonly joint: string;

  constructor(activity: string, cause: unknown, joint = 'while') {
    super(activity, { cause });
    this.activity = activity;
    this.joint = joint;
  }
}

/** Runs `work`; whatever goes wrong in it happened while doing `activity`. */
export async function during<T>(activity: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ActivityError || error instanceof UsageError) throw error;
    throw new ActivityError(activity, error);
  }
}
