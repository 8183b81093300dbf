import { type CacheScan, type Ccache, ccacheName } from '../../ccache/ccache.ts';
import { isConfigEntry } from '../../ccache/config-entries.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError, during } from '../../local/activity.ts';
import { cacheOf, cachesAround, isAbsent, readableContents } from '../../local/caches/named-caches.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { isCurrent } from '../cache/status.ts';
import { type Listing, timeColumn } from '../listing.ts';
import { tellError } from '../run-command.ts';
import type { Session } from '../session.ts';
import { describeCredential, type TicketListing } from './credential.ts';

/** Lists the tickets of one cache. */
export async function showCache(cache: Ccache, listing: TicketListing): Promise<void> {
  await scanned(cache, contents => showContents(cache, contents, listing));
}

async function scanned(cache: Ccache, use: (scan: CacheScan) => Promise<void>): Promise<void> {
  return cache.scan === undefined ? use(await cache.load()) : cache.scan(use);
}

async function showContents(cache: Ccache, contents: CacheScan, listing: TicketListing): Promise<void> {
  const { io, text } = listing;
  const { principal: owner, credentials } = contents;
  const times = timeColumn(listing);
  const columns = ['Valid starting', 'Expires'].map(title => title.padEnd(times.width + 2)).join('');
  io.out(`Ticket cache: ${text(ccacheName(cache))}\nDefault principal: ${text(formatPrincipal(owner))}\n\n`);
  io.out(`${columns}Service principal\n`);
  const cacheListing = { ...listing, times, owner };
  await during('retrieving a ticket', async () => {
    for (const credential of credentials) {
      if (isConfigEntry(credential) && !listing.has('C')) continue;
      const described = describeCredential(credential, cacheListing);
      // Awaited only if it is a promise: there may be ten thousand of them.
      io.out(typeof described === 'string' ? described : await described);
    }
  });
}

/** Lists the tickets of every cache of a collection; resolves to 1 if none can be shown. */
export async function showAllCaches(
  name: string | undefined,
  session: Session,
  listing: TicketListing,
): Promise<number> {
  let status = 1;
  let first = true;
  for (const cache of await cachesAround(name, session)) {
    try {
      await scanned(cache, contents => {
        if (!first) listing.io.out('\n');
        return showContents(cache, contents, listing);
      });
      status = 0;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      if (isAbsent(error)) continue;
      if (!first) listing.io.out('\n');
      tellError('klist', error, listing.io);
    }
    first = false;
  }
  return status;
}

const NAME_WIDTH = 30;

/** Lists the caches of a collection, one line each; resolves to 1 if there is none. */
export async function listCaches(
  name: string | undefined,
  session: Session,
  { io, now, text }: Listing,
): Promise<number> {
  const caches = await cachesAround(name, session);
  io.out(`${cell('Principal name')} Cache name\n${cell('--------------')} ----------\n`);
  let status = 1;
  for (const cache of caches) {
    const contents = await readableContents(cache);
    if (contents === undefined) continue;
    const line = `${cell(text(formatPrincipal(contents.principal)))} ${text(ccacheName(cache))}`;
    io.out(isCurrent(contents, now) ? `${line}\n` : `${line} (Expired)\n`);
    status = 0;
  }
  return status;
}

/** The exit status of -s: whether the cache, or with `all` any in its collection, is usable; prints nothing. */
export async function statusOf(
  name: string | undefined,
  session: Session,
  { all }: { readonly all: boolean },
): Promise<number> {
  try {
    for (const cache of all ? await cachesAround(name, session) : [await cacheOf(name, session)]) {
      const contents = await readableContents(cache);
      if (contents !== undefined && isCurrent(contents, session.io.now())) return 0;
    }
  } catch (error) {
    if (!(error instanceof ActivityError)) throw error;
  }
  return 1;
}

/** Text in a column of 30 bytes, padded or cut. */
function cell(text: string): string {
  const bytes = textToBytes(text).subarray(0, NAME_WIDTH);
  return bytesToText(bytes) + ' '.repeat(NAME_WIDTH - bytes.length);
}
