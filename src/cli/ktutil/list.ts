import { defaultKeytab, namedKeytab } from '../../local/keytabs.ts';
import { type Arguments, type Command, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { keytabJson } from '../keytab-json.ts';
import { showKeytab } from '../klist/keytab.ts';
import { createListing } from '../listing.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';
import { readEntries } from './keytab.ts';

/** ktutil list: the keys of a keytab, as klist -k shows them or in JSON. */
export const ktutilList: Command = {
  name: 'ktutil list',
  summary: 'List the keys of a keytab.',
  operands: '[keytab]',
  usageStatus: 2,
  printsResult: true,
  options: [
    { flags: '-e', text: 'Show the encryption types.' },
    { flags: '-t', text: 'Show when each key was written.' },
    { flags: '-K', text: 'Show the keys themselves.' },
    { flags: '--json', text: 'Print one line of JSON; report a failure as one on stderr.' },
  ],
  asksKdc: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [name, ...rest] = args.operands;
  if (rest.length > 0) throw new UsageError('ktutil list: name one keytab');
  const session = openSession(io);
  if (!args.has('json')) {
    await showKeytab(name, session, await createListing(args, io));
    return 0;
  }
  const keytab = name === undefined ? defaultKeytab(session) : namedKeytab(name);
  const entries = await readEntries(keytab);
  io.out(lineOfJson(keytabJson(keytab, entries, { withKeys: args.has('K') })));
  return 0;
}
