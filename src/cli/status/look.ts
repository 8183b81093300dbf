import type { CacheContents, Ccache } from '../../ccache/ccache.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import { cacheOf, cachesAround, readableContents } from '../../local/caches/named-caches.ts';
import { isCurrent } from '../cache/status.ts';
import type { Arguments } from '../command.ts';
import type { Session } from '../session.ts';

/** The state of the caches at one time. */
export interface Look {
  readonly now: Date;
  /** Whether a cache is usable in the sense of `klist -s`, by the clock of its KDC. */
  readonly valid: boolean;
  readonly caches: readonly SeenCache[];
  /** Why no cache can be shown; an ActivityError or a KerberosError. */
  readonly error: Error | undefined;
}

/** A cache that can be read. */
export interface SeenCache {
  readonly cache: Ccache;
  readonly contents: CacheContents;
}

/** What the clock of the KDC shows, by which its tickets expire, if the cache remembers how it differs from ours. */
export function kdcTime({ kdcOffset = 0 }: CacheContents, now: Date): Date {
  return new Date(now.getTime() + kdcOffset);
}

/** Looks at the cache that the command line names, or at its whole collection. */
export async function lookAtCaches(args: Arguments, session: Session): Promise<Look> {
  const now = session.io.now();
  try {
    const caches = await seenCaches(args, session);
    const valid = caches.some(({ contents }) => isCurrent(contents, kdcTime(contents, now)));
    return { now, valid, caches, error: undefined };
  } catch (error) {
    if (!(error instanceof ActivityError || error instanceof KerberosError)) throw error;
    return { now, valid: false, caches: [], error };
  }
}

async function seenCaches(args: Arguments, session: Session): Promise<readonly SeenCache[]> {
  const [name] = args.operands;
  if (!args.has('all')) {
    const cache = await cacheOf(name, session);
    return [{ cache, contents: await cache.load() }];
  }
  const seen: SeenCache[] = [];
  for (const cache of await cachesAround(name, session)) {
    const contents = await readableContents(cache);
    if (contents !== undefined) seen.push({ cache, contents });
  }
  return seen;
}
