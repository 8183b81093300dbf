import { type Command, jsonOutput } from '../command.ts';
import { enctypesOption, keytabOption, kvnoOption, quietOption } from './keytab.ts';
import { secretOptions } from './secret-options.ts';

/** ktutil add: the keys that a password makes, or one key, into a keytab. */
export const ktutilAdd: Command = {
  name: 'ktutil add',
  summary: 'Add the keys that are derived from a password.',
  operands: 'principal',
  usageStatus: 2,
  options: [
    keytabOption,
    enctypesOption,
    kvnoOption,
    { flags: '-s, --salt <text>', text: 'Use this salt instead of the one from the KDC.' },
    {
      flags: '--offline',
      text: 'Do not ask the KDC: use the default salt and the encryption types of the configuration; requires --kvno.',
    },
    { flags: '--key', text: 'Read a key in hexadecimal instead of a password; requires -e and --kvno.' },
    ...secretOptions,
    quietOption,
    jsonOutput,
  ],
  asksKdc: true,
  run: async (args, io) => (await import('./add-keys.ts')).addKeys(args, io),
};
