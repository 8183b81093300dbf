import type { Arguments, OptionRow } from '../command.ts';
import { secretOptions } from '../ktutil/secret-options.ts';

const secrets: readonly OptionRow[] = [
  { flags: '--keytab-env <variable>', text: 'Take the keytab from an environment variable, in base64.' },
  { flags: '--keytab-fd <number>', text: 'Read the keytab, in binary or base64, from a file descriptor.' },
  {
    flags: '--cache-env <variable>',
    text: 'Take the tickets from a cache file in an environment variable, in base64.',
  },
  {
    flags: '--cache-fd <number>',
    text: 'Read the tickets from a cache file, in binary or base64, on a file descriptor.',
  },
  ...secretOptions,
  { flags: '--mask', text: 'Make the CI service hide the secret in its logs.' },
];

/** Where CI systems keep keys, tickets and passwords; never in an argument, which every user of the machine can see. */
export const jobSecretOptions = secrets.map(row => ({ ...row, ours: true }));

/** How long tickets must last. */
export const lastingOptions: readonly OptionRow[] = [
  {
    flags: '--for <service>',
    text: 'Get new tickets only if needed, including one for this service.',
    ours: true,
  },
  {
    flags: '--min <lifetime>',
    text: 'How long tickets must remain valid, such as 10m; the default is 2 minutes.',
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
