import { cacheOf } from '../local/caches/named-caches.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from './command.ts';
import { listCaches, showAllCaches, showCache, statusOf } from './klist/cache.ts';
import type { TicketListing } from './klist/credential.ts';
import { createListing, type Listing } from './listing.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';
import { VERSION } from './version.ts';
import { refuseKerberos4, versionOptions } from './version-options.ts';

/** klist: lists the tickets of a cache or the keys of a keytab. */
export const klist: Command = {
  name: 'klist',
  summary: 'List cached Kerberos tickets, or the keys of a keytab.',
  operands: '[name]',
  usageStatus: 1,
  usage: `Usage: klist [-e] [-V] [[-c] [-l] [-A] [-d] [-f] [-s] [-a [-n]]] [-k [-i] [-t] [-K]] [-C] [name]
\t-c specifies credentials cache
\t-k specifies keytab
\t   (Default is credentials cache)
\t-i uses default client keytab if no name given
\t-l lists credential caches in collection
\t-A shows content of all credential caches
\t-e shows the encryption type
\t-V shows the Kerberos version and exits
\toptions for credential caches:
\t\t-d shows the submitted authorization data types
\t\t-f shows credentials flags
\t\t-s sets exit status based on valid tgt existence
\t\t-a displays the address list
\t\t\t-n do not reverse-resolve
\toptions for keytabs:
\t\t-t shows keytab entry timestamps
\t\t-K shows keytab entry keys
\t\t-C includes configuration data entries
`,
  options: [
    { flags: '-c', text: 'List a credential cache; this is the default.' },
    { flags: '-k', text: 'List a keytab.' },
    {
      flags: '-e',
      text: 'Show the encryption types of session keys and tickets, or of the keys of a keytab.',
    },
    { flags: '-f', text: 'Show the flags of each ticket.' },
    { flags: '-a', text: 'Show the addresses from which each ticket can be used.' },
    { flags: '-n', text: 'With -a, show addresses as numbers.' },
    { flags: '-d', text: 'Show the types of the authorization data that the client sent.' },
    {
      flags: '-I <keytab>',
      text: "Show the authentication indicators in tickets that this keytab decrypts; '-' is the default keytab.",
    },
    { flags: '-C', text: 'Also list configuration entries.' },
    { flags: '-l', text: 'List the caches of the collection, one per line.' },
    { flags: '-A', text: 'List the tickets of all caches in the collection.' },
    {
      flags: '-s',
      text: 'Print nothing; the exit status shows whether there is a valid ticket.',
    },
    { flags: '-i', text: 'With -k, list the default client keytab.' },
    { flags: '-t', text: 'With -k, show when each key was written.' },
    { flags: '-K', text: 'With -k, show the keys themselves.' },
    { flags: '-V', text: 'Show the version.' },
    jsonOutput,
    ...versionOptions,
  ],
  tellsMistakes: true,
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  checkOptions(args);
  refuseKerberos4(args, []);
  checkTogether(args);
  if (args.has('V')) {
    io.out(`krb5kit version ${VERSION}\n`);
    return 0;
  }
  const session = openSession(io);
  const [name] = args.operands;
  if (args.has('s')) return statusOf(name, session, { all: args.has('A') });
  if (args.has('json')) {
    const { listInJson } = await import('./klist/json.ts');
    return listInJson(args, session);
  }
  const plain = await createListing(args, io);
  if (args.has('l')) return listCaches(name, session, plain);
  const listing = { ...plain, indicators: await indicatorsOf(args.value('I'), session, plain) };
  if (args.has('A')) return showAllCaches(name, session, listing);
  if (args.has('k')) await (await import('./klist/keytab.ts')).showKeytab(name, session, listing);
  else await showCache(await cacheOf(name, session), listing);
  return 0;
}

async function indicatorsOf(
  keytab: string | undefined,
  session: Session,
  listing: Listing,
): Promise<TicketListing['indicators']> {
  if (keytab === undefined) return undefined;
  const { indicatorsLine, indicatorsWith } = await import('./klist/indicators.ts');
  const find = await indicatorsWith(keytab, session);
  return credential => indicatorsLine(find(credential), listing);
}

/** The first mistake ends the command; asking for a second kind of listing is one, too. */
function checkOptions({ given }: Arguments): void {
  let listings = 0;
  for (const each of given) {
    if ('mistake' in each) throw new UsageError(each.mistake);
    if (each.option === 'c' || each.option === 'k') listings++;
    if (listings > 1) throw new UsageError('');
  }
}

/** Options that do not go together are answered with the usage only. */
function checkTogether(args: Arguments): void {
  const any = (letters: string): boolean => [...letters].some(letter => args.has(letter));
  const wrong =
    (args.has('n') && !args.has('a')) ||
    (args.has('k') ? any('fsaAlI') : any('tK')) ||
    (args.has('l') && any('As'));
  if (wrong) throw new UsageError('');
  if (args.operands.length > 1)
    throw new UsageError(`Extra arguments (starting with "${args.operands[1]}").`);
}
