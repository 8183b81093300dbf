import type { CacheContents } from '../ccache/ccache.ts';
import { configEntry, startRealmEntries } from '../ccache/config-entries.ts';
import { fastNote } from './fast-available.ts';
import type { InitialResult } from './initial.ts';

/**
 * The contents of a cache after an AS exchange: the entries that MIT records (whether the KDC offers FAST, the type of
 * pre-authentication and its data, and the realm to start from), and the ticket.
 */
export function initialContents({
  credential,
  kdcOffset,
  fastAvailable,
  notes,
}: InitialResult): CacheContents {
  const { client, server } = credential;
  const entries = [
    ...(fastAvailable ? [fastNote(client, server)] : []),
    ...[...notes].map(([key, value]) => configEntry(client, key, server, value)),
    ...startRealmEntries(credential),
  ];
  return { principal: client, credentials: [...entries, credential], kdcOffset };
}
