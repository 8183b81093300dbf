import { type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { hasSealedTickets } from '../../ccache/keychain/probe.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import { defaultCacheName } from '../../local/caches/default-cache.ts';
import { cachesAround } from '../../local/caches/named-caches.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { openSession, type Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { usualCacheFiles } from '../usual-files.ts';

/** Longer than any name that is meant to be typed. */
const MAX_LENGTH = 1000;

/** One cache: its name, its principal, and the services that it has tickets for. */
interface Found {
  readonly cache: string;
  readonly principal: Principal;
  readonly services: readonly Principal[];
}

const kinds: Readonly<Record<string, (found: Found) => readonly string[]>> = {
  caches: ({ cache }) => [cache],
  principals: ({ principal }) => [formatPrincipal(principal)],
  services: ({ services }) => services.map(service => formatPrincipal(service)),
  'host-services': ({ services }) =>
    services.flatMap(({ components: [service, host, ...more] }) =>
      host === undefined || more.length > 0 || service === 'krbtgt' ? [] : [`${service}@${host}`],
    ),
};

/**
 * The values of a kind in all readable caches, each once, in order. Nobody is asked for anything: a locked keychain
 * stays locked. Values that are not one line of plain text, or that look like an option, are omitted.
 */
export async function valuesInCaches(kind: string, io: Io): Promise<readonly string[]> {
  const valuesOf = Object.hasOwn(kinds, kind) ? kinds[kind]! : () => [];
  const found = await readableCaches(openSession(unattended(io)));
  const values = found.flatMap(valuesOf).filter(isPlain);
  return [...new Set(values)].sort();
}

/** The same environment without a user: no terminal to ask on, and no display to unlock a keychain on. */
function unattended(io: Io): Io {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = io.env;
  return Object.create(io, {
    env: { value: env },
    stdinIsTerminal: { value: false },
    stderrIsTerminal: { value: false },
    err: { value: () => undefined },
  });
}

async function readableCaches(session: Session): Promise<readonly Found[]> {
  const found = new Map<string, Found>();
  for (const name of await collectionNames(session)) {
    for (const cache of await orNone(() => cachesAround(name, session))) {
      for (const each of await orNone(async () => [await describe(cache)])) found.set(each.cache, each);
    }
  }
  return [...found.values()];
}

async function collectionNames(session: Session): Promise<readonly string[]> {
  const { io } = session;
  const usual = await orNone(async () => [await defaultCacheName(session, { reading: true })]);
  const sealed = hasSealedTickets(session.caches.dataDirectory) ? ['KEYCHAIN:'] : [];
  const files = io.uid === undefined ? [] : usualCacheFiles(io.cacheDirectory, io.uid);
  return [...new Set([...usual, ...sealed, ...files.map(path => `FILE:${path}`)])];
}

async function describe(cache: Ccache): Promise<Found> {
  const { principal, credentials } = await cache.load();
  const tickets = credentials.filter(credential => !isConfigEntry(credential));
  return { cache: ccacheName(cache), principal, services: tickets.map(({ server }) => server) };
}

async function orNone<T>(work: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KerberosError || error instanceof ActivityError) return [];
    throw error;
  }
}

function isPlain(value: string): boolean {
  return value.length <= MAX_LENGTH && !/^-|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
}
