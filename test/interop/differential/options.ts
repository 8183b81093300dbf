import type { Command } from '../../../src/cli/command.ts';
import type { Case } from '../../support/differential.ts';

/** How a command's options are tried. */
export interface OptionTrial {
  readonly command: Command;
  /** What the options that take an argument are given, by letter or long name. */
  readonly values?: Readonly<Record<string, string>>;
  readonly operands: readonly string[];
  readonly input?: string;
  /** Those that MIT's has not got, by letter or long name. */
  readonly ours?: readonly string[];
}

/** Every option alone, repeated and with each other option, and with one that does not exist. */
export function pairsOf({ command, values = {}, operands, input, ours = [] }: OptionTrial): readonly Case[] {
  const options = command.options
    .filter(row => !row.ours)
    .map(({ flags }) => /^--?[\w-]+/.exec(flags)![0])
    .filter(flag => !/^--(?:json|quiet|no-color|expired)$/.test(flag) && !ours.includes(flag))
    .map(flag => (values[flag] === undefined ? [flag] : [flag, values[flag]]));
  options.push(['-Z']);
  const pairs = options.flatMap((one, index) => options.slice(index).map(other => [...one, ...other]));
  return [[], ...options, ...pairs].map(argv => ({
    steps: [{ program: command.name, argv: [...argv, ...operands], ...(input !== undefined && { input }) }],
  }));
}
