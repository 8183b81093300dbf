import { type Command, jsonOutput } from '../command.ts';
import { enctypesOption, keytabOption, kvnoOption, quietOption } from './keytab.ts';
import { secretOptions } from './secret-options.ts';

/** ktutil add: the keys that a password makes, or one key, into a keytab. */
export const ktutilAdd: Command = {
  name: 'ktutil add',
  summary: 'Add the keys that a password makes.',
  operands: 'principal',
  usageStatus: 2,
  options: [
    keytabOption,
    enctypesOption,
    kvnoOption,
    { flags: '-s, --salt <text>', text: 'Salt the password with this instead of what the KDC says.' },
    {
      flags: '--offline',
      text: 'Ask no KDC: the usual salt, all encryption types of the configuration, and --kvno has to be given.',
    },
    { flags: '--key', text: 'What is read is a key in hexadecimal digits; -e names its type.' },
    ...secretOptions,
    quietOption,
    jsonOutput,
  ],
  asksKdc: true,
  run: async (args, io) => (await import('./add-keys.ts')).addKeys(args, io),
};
