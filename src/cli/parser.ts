import { Command as Commander, Option } from 'commander';
import type { Command } from './command.ts';

/** A parser for the option table of a command, which throws CommanderError and prints nothing. */
export function createParser({ name, summary, operands, options }: Command): Commander {
  const parser = new Commander(name)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .helpOption('--help', 'Show this help.')
    .description(summary)
    .usage(operands === '' ? '[options]' : `[options] ${operands}`)
    .allowExcessArguments();
  for (const { flags, text, hidden = false } of options) {
    parser.addOption(new Option(flags, text).hideHelp(hidden));
  }
  return parser;
}

/** The text of `--help`. */
export function helpText(command: Command): string {
  const { epilogue } = command;
  return createParser(command).helpInformation() + (epilogue === undefined ? '' : `${epilogue}\n`);
}
