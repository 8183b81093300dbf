import type { Arguments, OptionRow } from './command.ts';
import type { Io } from './terminal.ts';

/** Options of kinit, klist and kdestroy from the time of Kerberos 4. */
export const versionOptions: readonly OptionRow[] = [
  { flags: '-4', text: 'Kerberos 4, gone.', hidden: true, final: true },
  { flags: '-5', text: 'Kerberos 5, as ever.', hidden: true },
];

/** The exit status for Kerberos 4. */
const KERBEROS_4_STATUS = 3;

/**
 * Reports a command line that asks for Kerberos 4, after the mistakes before that, and returns the exit status;
 * undefined for others.
 */
export function refuseKerberos4(args: Arguments, mistakes: readonly string[], io: Io): number | undefined {
  if (!args.has('4')) return undefined;
  io.err([...mistakes, 'Kerberos 4 is no longer supported\n'].join('\n'));
  return KERBEROS_4_STATUS;
}
