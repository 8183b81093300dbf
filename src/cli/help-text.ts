import { Command as Commander, Option } from 'commander';
import { allOptions, type Command } from './command.ts';
import { wrapHelp } from './terminal/wrap.ts';

/** More columns than a line has. */
const UNWRAPPED = 10_000;
/** Without a terminal. */
const USUAL_COLUMNS = 80;

/** The options part of `--help`. */
export function helpText(command: Command): string {
  const { name, summary, operands, epilogue } = command;
  const help = new Commander(name)
    .configureHelp({ helpWidth: UNWRAPPED })
    .helpOption('--help', 'Show this help.')
    .description(summary)
    .usage(operands === '' ? '[options]' : `[options] ${operands}`);
  for (const { flags, text, hidden = false } of allOptions(command)) {
    help.addOption(new Option(flags, text).hideHelp(hidden));
  }
  return fitHelp(help.helpInformation() + (epilogue === undefined ? '' : `${epilogue}\n`));
}

/** Wraps a help to the terminal that it is for. */
export function fitHelp(help: string): string {
  return wrapHelp(help, new Commander().configureOutput().getOutHelpWidth?.() ?? USUAL_COLUMNS);
}
