import { bytesToHex } from '../codec/text.ts';
import type { Keytab, KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { asciiJson, enctypeJson } from './json.ts';
import { defaultKeytab, namedKeytab } from './keytabs.ts';
import { showKeytab } from './klist-keytab.ts';
import { readEntries } from './ktutil-keytab.ts';
import { createListing } from './listing.ts';
import { openSession } from './session.ts';
import type { Io } from './terminal.ts';

/** ktutil list: the keys of a keytab, as klist -k shows them or in JSON. */
export const ktutilList: Command = {
  name: 'ktutil list',
  summary: 'List the keys of a keytab.',
  operands: '[keytab]',
  usageStatus: 2,
  options: [
    { flags: '-e', text: 'Show the encryption types.' },
    { flags: '-t', text: 'Show when each key was written.' },
    { flags: '-K', text: 'Show the keys themselves.' },
    { flags: '--json', text: 'Print one line of JSON, and a failure as one on stderr.' },
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
  io.out(`${asciiJson(listing(keytab, entries, args.has('K')))}\n`);
  return 0;
}

function listing({ name }: Keytab, entries: readonly KeytabEntry[], withKeys: boolean): object {
  const keys = entries.map(entry => {
    const { keyvalue } = entry.key;
    return { ...entryJson(entry), time: entry.timestamp, ...(withKeys && { key: bytesToHex(keyvalue) }) };
  });
  return { keytab: name, keys };
}

/** Which key an entry is for: its principal, version and enctype. */
export function entryJson({ principal, kvno, key }: KeytabEntry): object {
  return { principal: formatPrincipal(principal), kvno, enctype: enctypeJson(key.keytype) };
}
