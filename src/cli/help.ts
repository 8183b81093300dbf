import type { Command } from './command.ts';
import { exitStatuses } from './exit-statuses.ts';
import { fitHelp, helpText } from './help-text.ts';

/** All of `--help`: the options, and what the exit status means. */
export function fullHelp(command: Command): string {
  const lines = Object.entries(exitStatuses(command.name) ?? {}).map(
    ([status, meaning]) => `  ${status.padEnd(5)}  ${meaning}\n`,
  );
  return `${helpText(command)}${lines.length > 0 ? fitHelp(`\nExit status:\n${lines.join('')}`) : ''}`;
}
