import type { CacheContents } from '../ccache/ccache.ts';
import { configEntry, startRealmEntries } from '../ccache/config-entries.ts';
import { startOf } from '../messages/credential.ts';
import { fastNote } from './fast-available.ts';
import type { InitialResult } from './initial.ts';

/**
 * What a cache shall hold after an AS exchange: the ticket, and before it what MIT notes: whether the KDC offers FAST, which
 * pre-authentication it took and what that wants to be remembered, and the realm to start from.
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
  // MIT's caches always say when the first ticket begins.
  const started = { ...credential, starttime: startOf(credential) };
  return { principal: client, credentials: [...entries, started], kdcOffset };
}
