import type { Arguments, OptionRow } from './command.ts';
import type { Io } from './terminal.ts';

/** The rows that kinit, klist and kdestroy have had since there was a version 4. */
export const versionOptions: readonly OptionRow[] = [
  { flags: '-4', text: 'Kerberos 4, gone.', hidden: true, final: true },
  { flags: '-5', text: 'Kerberos 5, as ever.', hidden: true },
];

/** The exit status for Kerberos 4. */
const KERBEROS_4_STATUS = 3;

/** The exit status where the command line asks for Kerberos 4, once it is told, after the mistakes before that. */
export function refuseKerberos4(args: Arguments, mistakes: readonly string[], io: Io): number | undefined {
  if (!args.has('4')) return undefined;
  io.err([...mistakes, 'Kerberos 4 is no longer supported\n'].join('\n'));
  return KERBEROS_4_STATUS;
}
