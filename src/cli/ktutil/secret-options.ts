import type { OptionRow } from '../command.ts';

/** Where a secret may come from; never from an argument, which every user of the machine can see. */
export const secretOptions: readonly OptionRow[] = [
  { flags: '--password-stdin', text: 'Read the password from a line of standard input, without a prompt.' },
  { flags: '--password-file <file>', text: 'Read the password from the first line of a file.' },
  { flags: '--password-env <variable>', text: 'Take the password from an environment variable.' },
  { flags: '--password-fd <number>', text: 'Read the password from the first line of a file descriptor.' },
];
