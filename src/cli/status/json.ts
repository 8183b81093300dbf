import { formatPrincipal } from '../../messages/principal.ts';
import { cacheJson } from '../cache/json.ts';
import { lineOfJson } from '../json.ts';
import { secondsUntil } from '../ticket-json.ts';
import { kdcTime, type Look, type SeenCache } from './look.ts';
import { nextToExpire } from './text.ts';

/** A look at the caches as one line of JSON, with the changes in words. */
export async function statusJson({ now, valid, caches }: Look, changes: readonly string[]): Promise<string> {
  const seen = await Promise.all(caches.map(each => seenJson(each, now)));
  return lineOfJson({ time: now, valid, caches: seen, changes });
}

async function seenJson({ cache, contents }: SeenCache, time: Date): Promise<object> {
  const now = kdcTime(contents, time);
  const next = nextToExpire(contents, now);
  return {
    ...(await cacheJson(cache, contents, { now })),
    nextExpiry:
      next === undefined
        ? null
        : {
            server: formatPrincipal(next.server),
            endtime: next.endtime,
            secondsLeft: secondsUntil(next.endtime, now),
          },
  };
}
