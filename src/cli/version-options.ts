import type { Arguments, OptionRow } from './command.ts';

/** The rows that kinit, klist and kdestroy have had since there was a version 4. */
export const versionOptions: readonly OptionRow[] = [
  { flags: '-4', text: 'Kerberos 4, gone.', hidden: true, final: true },
  { flags: '-5', text: 'Kerberos 5, as ever.', hidden: true },
];

/** The exit status for Kerberos 4. */
export const KERBEROS_4_STATUS = 3;

/** Whether the command line asks for Kerberos 4. */
export function wantsKerberos4(args: Arguments): boolean {
  return args.has('4');
}
