import { Command as Commander, Option } from 'commander';
import { allOptions, type Command } from './command.ts';

/** The options part of `--help`. */
export function helpText(command: Command): string {
  const { name, summary, operands, epilogue } = command;
  const help = new Commander(name)
    .helpOption('--help', 'Show this help.')
    .description(summary)
    .usage(operands === '' ? '[options]' : `[options] ${operands}`);
  for (const { flags, text, hidden = false } of allOptions(command)) {
    help.addOption(new Option(flags, text).hideHelp(hidden));
  }
  return help.helpInformation() + (epilogue === undefined ? '' : `${epilogue}\n`);
}
