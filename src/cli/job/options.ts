import type { Arguments, OptionRow } from '../command.ts';
import { secretOptions } from '../ktutil/secret-options.ts';

const secrets: readonly OptionRow[] = [
  { flags: '--keytab-env <variable>', text: 'Take the keytab from an environment variable, in base64.' },
  { flags: '--keytab-fd <number>', text: 'Read the keytab, or its base64, from a descriptor.' },
  { flags: '--cache-env <variable>', text: 'Take the tickets of a cache file from a variable, in base64.' },
  {
    flags: '--cache-fd <number>',
    text: 'Read the tickets of a cache file, or their base64, from a descriptor.',
  },
  ...secretOptions,
  { flags: '--mask', text: 'Ask the CI service to hide the secret in its logs.' },
];

/** Where CI systems keep keys, tickets and passwords; never in an argument, which every user of the machine can see. */
export const jobSecretOptions = secrets.map(row => ({ ...row, ours: true }));

/** How long tickets must last. */
export const lastingOptions: readonly OptionRow[] = [
  {
    flags: '--for <service>',
    text: 'Keep tickets that last, including one for this service.',
    ours: true,
  },
  {
    flags: '--min <lifetime>',
    text: 'How long they must last, such as 10m; two minutes if not given.',
    ours: true,
  },
];

/** Whether one of these options is given. */
export function isForJob({ given }: Pick<Arguments, 'given'>): boolean {
  // Most command lines give no option at all, and none is worth the making of the names.
  if (given.length === 0) return false;
  const names = [...jobSecretOptions, ...lastingOptions].map(({ flags }) =>
    /--([\w-]+)/.exec(flags)![1]!.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
  return given.some(each => 'option' in each && names.includes(each.option));
}
