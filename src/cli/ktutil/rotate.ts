import { type Command, jsonOutput } from '../command.ts';
import { ageOption, enctypesOption, keytabOption, quietOption } from './keytab.ts';
import { secretOptions } from './secret-options.ts';

/** ktutil rotate: a new random password for a principal, and its keys into the keytab. */
export const ktutilRotate: Command = {
  name: 'ktutil rotate',
  summary: 'Change the keys of a principal, and keep the old ones for a while.',
  operands: 'principal',
  usageStatus: 2,
  options: [
    keytabOption,
    enctypesOption,
    ageOption,
    {
      flags: '--admin <principal>',
      text: 'Set the password as this administrator, whose password is asked for, instead of using the keytab.',
    },
    ...secretOptions,
    quietOption,
    jsonOutput,
  ],
  asksKdc: true,
  run: async (args, io) => (await import('./rotate-keys.ts')).rotateKeys(args, io),
};
