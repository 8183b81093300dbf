import type { CacheContents, Ccache } from '../ccache/ccache.ts';
import type { ServiceOptions } from '../client/service.ts';
import { defaultTgsEnctypes } from '../config/enctypes.ts';
import { isSupported, parseEnctypeList } from '../crypto/enctypes.ts';
import { KerberosError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Credential } from '../messages/credential.ts';
import { KU_TICKET, NT_UNKNOWN } from '../messages/numbers.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { toKey, unseal } from '../messages/seal.ts';
import { EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { EncryptedData } from '../messages/types.ts';
import { ActivityError, type Arguments, type Command, during, UsageError } from './command.ts';
import { defaultCache } from './default-cache.ts';
import { exchangeOptions } from './exchange.ts';
import { hostPrincipal } from './host-principal.ts';
import { namedKeytab } from './keytabs.ts';
import { tellError } from './run-command.ts';
import { printable, sentence } from './sentences.ts';
import { serviceTicket } from './service-ticket.ts';
import { namedCache, openSession, principalOf, type Session } from './session.ts';
import type { Io } from './terminal.ts';

/** kvno: obtains service tickets and prints their key versions. */
export const kvno: Command = {
  name: 'kvno',
  summary: 'Obtain service tickets and show their key versions.',
  operands: 'service...',
  usageStatus: 1,
  usage: `usage: kvno [-c ccache] [-e etype] [-k keytab] [-q] [-u | -S sname]
\t[--cached-only] [--no-store] [--out-cache] service1 service2 ...
`,
  options: [
    { flags: '-c <cache>', text: 'Use this cache instead of the default one.' },
    { flags: '-e <enctype>', text: 'Ask for a session key of this encryption type.' },
    { flags: '-k <keytab>', text: 'Check that this keytab opens each ticket.' },
    { flags: '-q', text: 'Print nothing but errors.' },
    { flags: '-u', text: 'Give the service names the type NT-UNKNOWN.' },
    { flags: '-S <service>', text: 'Take the operands for host names of this service.' },
    {
      flags: '-C',
      text: "Accept the KDC's own form of the service's name, which is done anyway.",
      hidden: true,
    },
    { flags: '--cached-only', text: 'Ask no KDC: only the cache is looked at.' },
    { flags: '--no-store', text: 'Do not keep new tickets in the cache.' },
    { flags: '--out-cache <cache>', text: 'Put the tickets into this cache, which is made anew.' },
    { flags: '-h', text: 'Show the usage.', hidden: true },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.has('u') && args.has('S')) throw new UsageError('Options -u and -S are mutually exclusive');
  if (args.has('h') || args.operands.length === 0) throw new UsageError('');
  const session = openSession(io);
  const enctypes = readEnctypes(args.value('e'), session);
  const named = args.value('c');
  const activity = 'opening ccache';
  const cache = await (named === undefined
    ? defaultCache(session, { reading: true, activity })
    : namedCache(named, session, activity));
  const keytab = args.value('k');
  const entries = keytab === undefined ? undefined : keytabEntries(keytab);
  const outCache = await outputCache(args.value('outCache'), session);
  const { principal, kdcOffset } = await during('getting client principal name', () => cache.load());
  const options: ServiceOptions = {
    ...exchangeOptions(session, enctypes),
    onUnstored: error => io.err(`kvno: warning: the ticket is not kept: ${sentence(error)}\n`),
    cachedOnly: args.has('cachedOnly'),
    noStore: args.has('noStore') || outCache !== undefined,
  };

  const gained: Credential[] = [];
  let status = 0;
  for (const operand of args.operands) {
    try {
      const credential = await getTicket(operand, cache, { args, session, options });
      gained.push(credential);
      await report(credential, entries, { quiet: args.has('q'), io });
    } catch (error) {
      tellError('kvno', error, io);
      status = 1;
    }
  }
  if (outCache !== undefined && status === 0) {
    const contents: CacheContents = { principal, credentials: gained, kdcOffset };
    await during('writing output ccache', () => outCache.initialize(contents));
  }
  return status;
}

interface Request {
  readonly args: Arguments;
  readonly session: Session;
  readonly options: ServiceOptions;
}

async function getTicket(
  operand: string,
  cache: Ccache,
  { args, session, options }: Request,
): Promise<Credential> {
  return serviceTicket(cache, await serverOf(operand, args, session), options);
}

async function serverOf(operand: string, args: Arguments, session: Session): Promise<Principal> {
  const service = args.value('S');
  if (service !== undefined) return hostPrincipal(service, operand, session);
  return during(`parsing principal name ${operand}`, () =>
    principalOf(operand, session, { nameType: args.has('u') ? NT_UNKNOWN : undefined }),
  );
}

/** Prints a ticket's key version and, where a keytab is to be checked, whether that opens the ticket. */
async function report(
  credential: Credential,
  entries: (() => Promise<readonly KeytabEntry[]>) | undefined,
  { quiet, io }: { readonly quiet: boolean; readonly io: Io },
): Promise<void> {
  const name = formatPrincipal(credential.server);
  const { encPart } = Ticket.decode(credential.ticket);
  const line = printable(`${name}: kvno = ${encPart.kvno ?? 0}`);
  try {
    if (entries !== undefined) checkOpens(encPart, await entries());
  } catch (error) {
    if (!quiet) io.err(`${line}, keytab entry invalid\n`);
    throw new ActivityError(`decrypting ticket for ${name}`, error);
  }
  if (!quiet) io.out(`${line}${entries === undefined ? '' : ', keytab entry valid'}\n`);
}

/** As a service does it: whichever key opens the ticket is right, whatever name and number the keytab gives it. */
function checkOpens(encPart: EncryptedData, entries: readonly KeytabEntry[]): void {
  const fitting = entries.filter(({ key }) => key.keytype === encPart.etype);
  for (const { key } of fitting) {
    try {
      unseal(EncTicketPart, encPart, toKey(key), KU_TICKET);
      return;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
    }
  }
  throw new KerberosError('KEYTAB_NO_KEY', 'No key of the keytab opens the ticket');
}

/** The keytab's entries, read at most once. */
function keytabEntries(name: string): () => Promise<readonly KeytabEntry[]> {
  const keytab = namedKeytab(name, '');
  let entries: Promise<readonly KeytabEntry[]> | undefined;
  return () => {
    entries ??= keytab.entries();
    return entries;
  };
}

function readEnctypes(text: string | undefined, session: Session): readonly number[] {
  const configured = defaultTgsEnctypes(session.config);
  if (text === undefined) return configured;
  const named = parseEnctypeList(text, [], { allowWeak: true }).filter(isSupported);
  if (named.length !== 1) {
    throw new ActivityError('converting etype', new KerberosError('ENCTYPE_UNSUPPORTED', 'Invalid argument'));
  }
  return named;
}

async function outputCache(name: string | undefined, session: Session): Promise<Ccache | undefined> {
  return name === undefined ? undefined : namedCache(name, session, 'resolving output ccache');
}
