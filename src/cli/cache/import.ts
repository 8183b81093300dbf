import { ccacheName } from '../../ccache/ccache.ts';
import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { defaultCacheName } from '../../local/caches/default-cache.ts';
import { decodeKrbCred } from '../../messages/krb-cred.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';
import { readImport } from '../whole-file.ts';
import { cacheToFill, fill } from './target.ts';

/** cache import: stores the tickets of a KRB-CRED file, a "kirbi", in a cache. */
export const cacheImport: Command = {
  name: 'krb5kit cache import',
  summary: 'Store the tickets from a KRB-CRED (kirbi) file in a cache.',
  operands: 'FILE|- [CACHE]',
  usageStatus: 2,
  options: [
    { flags: '-f, --force', text: 'Replace a cache that contains tickets of another principal.' },
    { flags: '-q, --quiet', text: 'Do not report what was imported.' },
    jsonOutput,
  ],
  run,
};

/** Far larger than any ticket. */
const MAX_BYTES = 16 << 20;
/** The first byte of a KRB-CRED, which does not occur in base64. */
const KRB_CRED_TAG = 0x76;

async function run(args: Arguments, io: Io): Promise<number> {
  const [file, name, ...rest] = args.operands;
  if (file === undefined || rest.length > 0) {
    throw new UsageError('krb5kit cache import: name one file, and a cache if it is not the default one');
  }
  const session = openSession(io);
  const credentials = await during(`reading tickets from ${file}`, async () =>
    decodeKrbCred(
      binary(file === '-' ? await io.readInput(MAX_BYTES) : readImport(file, MAX_BYTES, 'CACHE_IO')),
    ),
  );
  const [first] = credentials;
  if (first === undefined) throw new KerberosError('CREDENTIAL_NOT_FOUND', `There is no ticket in ${file}`);
  const { client } = first;
  const target = await cacheToFill(
    name ?? (await defaultCacheName(session, { reading: false })),
    client,
    session,
  );
  await during(`storing tickets in ${ccacheName(target)}`, () =>
    fill(
      target,
      { principal: client, credentials },
      { force: args.has('force'), whole: false, now: io.now() },
    ),
  );
  const ticketCount = credentials.length;
  if (args.has('json')) {
    const { lineOfJson } = await import('../json.ts');
    io.out(lineOfJson({ cache: ccacheName(target), principal: formatPrincipal(client), ticketCount }));
  } else if (!args.has('quiet')) {
    const tickets = `${ticketCount} ticket${ticketCount === 1 ? '' : 's'}`;
    io.out(`${printable(`Imported ${tickets} of ${formatPrincipal(client)} into ${ccacheName(target)}`)}\n`);
  }
  return 0;
}

/** The bytes themselves, or decoded from base64: with or without line breaks, or between the lines of a PEM file. */
function binary(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === KRB_CRED_TAG) return bytes;
  const text = textOf(bytes)
    .replace(/^\ufeff/, '')
    .replace(/^-----(?:BEGIN|END) .*$/gm, '')
    .replace(/\s+/g, '');
  const decoded = Buffer.from(text, 'base64');
  if (decoded[0] !== KRB_CRED_TAG || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) {
    throw new KerberosError('CODEC', 'It is neither a KRB-CRED nor the base64 of one');
  }
  return decoded;
}

/** What is redirected to a file in Windows PowerShell becomes UTF-16. */
function textOf(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return Buffer.from(bytes).toString(isUtf16 ? 'utf16le' : 'utf8');
}
