import { type CacheContents, ccacheName } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { MAX_DER_BYTES } from '../../codec/der/reader.ts';
import { bytesToText, printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { cacheOf } from '../../local/caches/named-caches.ts';
import type { Credential } from '../../messages/credential.ts';
import { encodeKrbCred, fitsKrbCred } from '../../messages/krb-cred.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { decodeTicket } from '../decode-ticket.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';
import { writeWholeFile } from '../whole-file.ts';

/** cache export: writes tickets of a cache to a KRB-CRED file, a "kirbi". */
export const cacheExport: Command = {
  name: 'krb5kit cache export',
  summary: 'Write tickets to a KRB-CRED (kirbi) file.',
  operands: 'FILE|- [PATTERN...]',
  usageStatus: 2,
  printsResult: true,
  options: [
    { flags: '-c, --cache <cache>', text: 'Use this cache instead of the default one.' },
    { flags: '-b, --base64', text: 'Write base64 on a single line, for example for a CI secret.' },
    // Without an option of its own, the common one would suppress the export itself.
    { flags: '-q, --quiet', text: 'Print nothing but the export and errors.' },
    jsonOutput,
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [file, ...patterns] = args.operands;
  if (file === undefined)
    throw new UsageError('krb5kit cache export: name the file, or - for standard output');
  const json = args.has('json');
  const base64 = args.has('base64');
  if (file === '-' && !base64 && !json && io.stdoutIsTerminal) {
    throw new UsageError('krb5kit cache export: a terminal takes no binary; use --base64');
  }
  const cache = await cacheOf(args.value('cache'), openSession(io));
  const contents = await during('reading tickets', () => cache.load());
  const { chosen, leftOut } = choose(contents, patterns);
  for (const { server, reason } of json ? [] : leftOut) {
    const line = `krb5kit cache export: left out ${formatPrincipal(server)}: ${reason}`;
    io.err(`${printable(line)}\n`);
  }
  if (chosen.length === 0) {
    const absent = new KerberosError('CREDENTIAL_NOT_FOUND', 'There is no ticket to export');
    throw new ActivityError('exporting tickets', absent);
  }
  const bytes = await during('exporting tickets', () => encoded(chosen));
  const text = base64 ? `${Buffer.from(bytes).toString('base64')}\n` : bytesToText(bytes);
  if (file !== '-') {
    await during(`writing ${file}`, () =>
      writeWholeFile(file, base64 ? Buffer.from(text) : bytes, 'CACHE_IO'),
    );
  } else if (!json) io.out(text);
  if (json) {
    const { lineOfJson } = await import('../json.ts');
    const found = {
      cache: ccacheName(cache),
      principal: formatPrincipal(contents.principal),
      tickets: chosen.map(({ server }) => formatPrincipal(server)),
      leftOut: leftOut.map(({ server }) => formatPrincipal(server)),
      // What would have been printed.
      ...(file === '-' ? { base64: Buffer.from(bytes).toString('base64') } : { file }),
    };
    io.out(lineOfJson(found));
  }
  return 0;
}

function encoded(credentials: readonly Credential[]): Uint8Array {
  const bytes = encodeKrbCred(credentials);
  if (bytes.length <= MAX_DER_BYTES) return bytes;
  throw new KerberosError('CACHE_IO', 'The tickets are too many for one message: a pattern chooses some');
}

interface Choice {
  readonly chosen: readonly Credential[];
  /** The servers of tickets that the format cannot represent, and why. */
  readonly leftOut: readonly (Pick<Credential, 'server'> & { readonly reason: string })[];
}

function choose({ credentials }: CacheContents, patterns: readonly string[]): Choice {
  const fits = serviceMatcher(patterns);
  const wanted = credentials
    .filter(credential => !isConfigEntry(credential) && fits(credential.server))
    .map(credential => ({ credential, reason: obstacle(credential) }));
  return {
    chosen: wanted.filter(({ reason }) => reason === undefined).map(({ credential }) => credential),
    leftOut: wanted.flatMap(({ credential: { server }, reason }) =>
      reason === undefined ? [] : [{ server, reason }],
    ),
  };
}

function obstacle(credential: Credential): string | undefined {
  if (!fitsKrbCred(credential)) return 'the format has no place for all of it';
  // With it, the other tickets could not be read, either.
  return decodeTicket(credential.ticket) === undefined ? 'it is not a valid ticket' : undefined;
}
