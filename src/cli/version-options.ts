import { type Arguments, type OptionRow, UsageError } from './command.ts';

/** Options of kinit, klist and kdestroy from the time of Kerberos 4. */
export const versionOptions: readonly OptionRow[] = [
  { flags: '-4', text: 'Kerberos 4, gone.', hidden: true, final: true },
  { flags: '-5', text: 'Kerberos 5, as ever.', hidden: true },
];

/** The exit status for Kerberos 4. */
const KERBEROS_4_STATUS = 3;

/** Throws UsageError if the command line asks for Kerberos 4, with the mistakes before that. */
export function refuseKerberos4(args: Arguments, mistakes: readonly string[]): void {
  if (!args.has('4')) return;
  throw new UsageError([...mistakes, 'Kerberos 4 is no longer supported'].join('\n'), KERBEROS_4_STATUS);
}
