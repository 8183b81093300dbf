import { existsSync } from 'node:fs';
import { type CacheContents, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { hasSealedTickets } from '../../ccache/keychain/probe.ts';
import { resolveCcache, splitCcacheName } from '../../ccache/resolve.ts';
import { findCcacheType } from '../../ccache/types.ts';
import { printable, textToBytes } from '../../codec/text.ts';
import { CcacheError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { defaultCacheName } from '../../local/caches/default-cache.ts';
import { cachesAround, isAbsent } from '../../local/caches/named-caches.ts';
import { sentence } from '../../local/sentences.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { type Arguments, type Command, jsonOutput } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { tellShortly } from '../run-command.ts';
import { openSession, type Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { usualCacheFiles } from '../usual-files.ts';
import { cacheSummaryJson, leadingTicket, ticketsOf } from './json.ts';

/** cache list: all the user's caches that can be found, one per line. */
export const cacheList: Command = {
  name: 'krb5kit cache list',
  summary: 'List caches, one per line.',
  operands: '[cache...]',
  usageStatus: 2,
  printsResult: true,
  options: [jsonOutput],
  run,
};

type Found = readonly [cache: Ccache, contents: CacheContents];
type Line = readonly [cache: string, principal: string, tickets: string, validUntil: string];

const TITLES: Line = ['Cache', 'Principal', 'Tickets', 'Valid until'];

async function run(args: Arguments, io: Io): Promise<number> {
  const session = openSession(io);
  const given = args.operands.length > 0;
  const found: Found[] = [];
  let status = 0;
  // A locked keychain blocks both the agent's caches and the sealed ones, but is reported once.
  const told = new Set<string>();
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // A cache named on the command line should exist; the others are only places to look.
      if (!given && isAbsent(error)) return;
      status = 1;
      const cause = sentence(error instanceof ActivityError ? error.cause : error);
      if (!given && told.has(cause)) return;
      told.add(cause);
      await tellShortly({ program: 'krb5kit cache list', error, exitStatus: 1 }, args, io);
    }
  };
  const shown = new Set<string>();
  const names = given ? args.operands : await usualNames(session);
  for (const name of names) {
    await attempt(async () => {
      for (const cache of await cachesNamed(name, given, session)) {
        await attempt(async () => {
          const contents = await cache.load();
          if (shown.has(ccacheName(cache))) return;
          shown.add(ccacheName(cache));
          found.push([cache, contents]);
        });
      }
    });
  }
  if (args.has('json')) {
    const now = io.now();
    io.out(lineOfJson({ caches: found.map(each => cacheSummaryJson(...each, now)) }));
  } else if (found.length > 0) io.out(table([TITLES, ...found.map(each => describe(...each, io))]));
  else if (status === 0) io.out('No credential caches found\n');
  return status;
}

/** The caches around a name; if it has been given, it names one that exists, or a whole collection. */
async function cachesNamed(name: string, isGiven: boolean, session: Session): Promise<readonly Ccache[]> {
  const found = await cachesAround(name, session);
  if (found.length > 0 || !isGiven) return found;
  const { type, residual } = splitCcacheName(name);
  // This tells of an unknown type; of another one, it could create a collection.
  if ((await findCcacheType(type)) === undefined) {
    return [await during(`resolving ${name}`, () => resolveCcache(name, session.caches))];
  }
  const isWhole = residual === '' || (type === 'DIR' && existsSync(residual));
  if (isWhole) return found;
  throw new CcacheError('CACHE_NOT_FOUND', `Credentials cache '${name}' not found`, name);
}

/** The default collection, the sealed caches, and the files where native tools keep theirs. */
async function usualNames(session: Session): Promise<readonly string[]> {
  const { io, caches } = session;
  const usual = io.uid === undefined ? [] : usualCacheFiles(io.cacheDirectory, io.uid);
  return [
    await during('finding the default cache', () => defaultCacheName(session, { reading: true })),
    ...(hasSealedTickets(caches.dataDirectory) ? ['KEYCHAIN:'] : []),
    ...usual.map(path => `FILE:${path}`),
  ];
}

function describe(cache: Ccache, contents: CacheContents, io: Io): Line {
  const until = leadingTicket(contents)?.endtime;
  const expired = until !== undefined && until <= io.now();
  return [
    ccacheName(cache),
    formatPrincipal(contents.principal),
    String(ticketsOf(contents).length),
    until === undefined ? '-' : expired ? 'expired' : formatTimestamp(until, userLocale(io.env)),
  ];
}

/** Columns separated by two blanks, with numbers aligned to the right. */
function table(lines: readonly Line[]): string {
  const widths = TITLES.map((_, i) => Math.max(...lines.map(line => bytesIn(line[i]!))));
  const padding = (text: string, i: number): string => ' '.repeat(widths[i]! - bytesIn(text));
  return lines
    .map(([cache, principal, tickets, until]) => {
      const cells = [
        cache + padding(cache, 0),
        principal + padding(principal, 1),
        padding(tickets, 2) + tickets,
      ];
      return `${printable([...cells, until].join('  '))}\n`;
    })
    .join('');
}

function bytesIn(text: string): number {
  return textToBytes(text).length;
}
