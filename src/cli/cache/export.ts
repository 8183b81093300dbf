import { writeAtomically } from '../../ccache/atomic-write.ts';
import type { CacheContents } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { bytesToText } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import { encodeKrbCred, fitsKrbCred } from '../../messages/krb-cred.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, during, UsageError } from '../command.ts';
import { cacheOf } from '../named-caches.ts';
import { printable } from '../sentences.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';

/** cache export: tickets of a cache into a KRB-CRED file, a "kirbi". */
export const cacheExport: Command = {
  name: 'krb5kit cache export',
  summary: 'Write tickets to a KRB-CRED (kirbi) file.',
  operands: 'FILE|- [PATTERN...]',
  usageStatus: 2,
  options: [
    { flags: '-c, --cache <cache>', text: 'Use this cache instead of the default one.' },
    { flags: '-b, --base64', text: 'Write base64, in one line, such as a secret of a CI takes.' },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const [file, ...patterns] = args.operands;
  if (file === undefined)
    throw new UsageError('krb5kit cache export: name the file, or - for standard output');
  const base64 = args.has('base64');
  if (file === '-' && !base64 && io.stdoutIsTerminal) {
    throw new UsageError('krb5kit cache export: a terminal takes no binary; use --base64');
  }
  const cache = await cacheOf(args.value('cache'), openSession(io));
  const contents = await during('reading tickets', () => cache.load());
  const bytes = await during('exporting tickets', () => encodeKrbCred(choose(contents, patterns, io)));
  const text = base64 ? `${Buffer.from(bytes).toString('base64')}\n` : bytesToText(bytes);
  if (file === '-') io.out(text);
  else await during(`writing ${file}`, () => writeAtomically(file, base64 ? Buffer.from(text) : bytes));
  return 0;
}

/** Throws KerberosError CREDENTIAL_NOT_FOUND where nothing is left to export. */
function choose({ credentials }: CacheContents, patterns: readonly string[], io: Io): readonly Credential[] {
  const fits = serviceMatcher(patterns);
  const chosen = credentials.filter(credential => !isConfigEntry(credential) && fits(credential.server));
  for (const { server } of chosen.filter(credential => !fitsKrbCred(credential))) {
    const line = `krb5kit cache export: left out ${formatPrincipal(server)}: the format has no place for all of it`;
    io.err(`${printable(line)}\n`);
  }
  const fitting = chosen.filter(fitsKrbCred);
  if (fitting.length > 0) return fitting;
  throw new KerberosError('CREDENTIAL_NOT_FOUND', 'There is no ticket to export');
}
