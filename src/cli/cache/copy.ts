import { type CacheContents, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { configPrincipal, isConfigEntry } from '../../ccache/config-entries.ts';
import { sameTicket } from '../../ccache/match.ts';
import { KerberosError } from '../../errors.ts';
import { during } from '../../local/activity.ts';
import { cacheOf } from '../../local/caches/named-caches.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput, type OptionRow, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { serviceMatcher } from '../service-pattern.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';
import { ticketsOf } from './json.ts';
import { isSamePlace } from './place.ts';
import { cacheToFill, fill } from './target.ts';

const options: readonly OptionRow[] = [
  { flags: '-f, --force', text: 'Replace a cache that contains tickets of another principal.' },
  jsonOutput,
];

/** cache copy: copies the contents of one cache into another, of whatever type. */
export const cacheCopy: Command = {
  name: 'krb5kit cache copy',
  summary: 'Copy a cache, or some of its tickets, to another cache.',
  operands: 'FROM TO [PATTERN...]',
  usageStatus: 2,
  options,
  async run(args, io) {
    const copied = await copy(args, io, 'krb5kit cache copy');
    if (args.has('json')) io.out(lineOfJson(copiedJson(copied, false)));
    return 0;
  },
};

/** cache move: copies a cache and then destroys it. */
export const cacheMove: Command = {
  name: 'krb5kit cache move',
  summary: 'Move a cache, or some of its tickets, to another cache.',
  operands: 'FROM TO [PATTERN...]',
  usageStatus: 2,
  options,
  async run(args, io) {
    const done = await copy(args, io, 'krb5kit cache move');
    const { source, copied } = done;
    await during(`removing what was moved from ${ccacheName(source)}`, async () => {
      if (args.operands.length === 2) await source.destroy();
      else await source.remove(credential => copied.some(other => isSame(credential, other)));
    });
    if (args.has('json')) io.out(lineOfJson(copiedJson(done, true)));
    return 0;
  },
};

interface Copied {
  readonly source: Ccache;
  readonly target: Ccache;
  readonly principal: Principal;
  readonly copied: readonly Credential[];
}

async function copy(args: Arguments, io: Io, command: string): Promise<Copied> {
  const [from, to, ...patterns] = args.operands;
  if (from === undefined || to === undefined) throw new UsageError(`${command}: name two caches`);
  const session = openSession(io);
  const source = await cacheOf(from, session);
  const contents = await during(`reading ${from}`, () => source.load());
  const chosen = patterns.length === 0 ? contents : { ...contents, credentials: choose(contents, patterns) };
  const target = await cacheToFill(to, contents.principal, session);
  await during(`copying to ${to}`, async () => {
    if (await isSamePlace(source, target, session)) {
      throw new KerberosError('CACHE_NAME', `${from} and ${to} are the same cache`);
    }
    return fill(target, chosen, { force: args.has('force'), whole: patterns.length === 0, now: io.now() });
  });
  return { source, target, principal: contents.principal, copied: chosen.credentials };
}

function copiedJson({ source, target, principal, copied }: Copied, moved: boolean): object {
  return {
    from: ccacheName(source),
    to: ccacheName(target),
    principal: formatPrincipal(principal),
    ticketCount: ticketsOf({ credentials: copied }).length,
    moved,
  };
}

/** The tickets for the matching services, and the configuration entries about them. */
function choose({ credentials }: CacheContents, patterns: readonly string[]): readonly Credential[] {
  const fits = serviceMatcher(patterns);
  const tickets = credentials.filter(({ server }) => fits(server)).filter(each => !isConfigEntry(each));
  if (tickets.length === 0) {
    throw new KerberosError('CREDENTIAL_NOT_FOUND', `No ticket is for ${patterns.join(' or ')}`);
  }
  const servers = new Set(tickets.map(({ server }) => formatPrincipal(server)));
  return credentials.filter(
    credential => tickets.includes(credential) || servers.has(configPrincipal(credential) ?? ''),
  );
}

function isSame(a: Credential, b: Credential): boolean {
  return sameTicket(a, b) && Buffer.compare(a.ticket, b.ticket) === 0;
}
