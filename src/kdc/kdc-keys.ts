import type { Key } from '../crypto/key.ts';
import { samePrincipal, tgsPrincipal } from '../messages/principal.ts';
import { currentKeys, type PrincipalDatabase, type PrincipalEntry } from './database.ts';
import { ticketKey } from './enctype-choice.ts';

/** The key with which a realm's KDC signs its statements in tickets: that of its ticket-granting service. */
export interface KdcKey {
  readonly key: Key;
  readonly kvno: number;
}

/**
 * The current key of a served realm; `known` are entries at hand, which may include that of the ticket-granting
 * service.
 */
export function kdcKey(
  database: PrincipalDatabase,
  realm: string,
  known: readonly PrincipalEntry[] = [],
): KdcKey {
  const tgs = tgsPrincipal(realm);
  const entry = known.find(({ principal }) => samePrincipal(principal, tgs)) ?? tgsEntry(database, realm);
  return { key: ticketKey(entry), kvno: currentKeys(entry).kvno };
}

/** Signatures do not state the version of their key; no ticket outlives many versions. */
const MAX_VERSIONS = 3;

/** The keys with which a signature of the given type may have been made, the newest first. */
export function kdcKeysOf(database: PrincipalDatabase, realm: string, cksumtype: number): readonly Key[] {
  return tgsEntry(database, realm)
    .keys.slice(0, MAX_VERSIONS)
    .flatMap(version => version.etypes.map(etype => version.key(etype)!))
    .filter(key => key.profile.cksumtype === cksumtype);
}

function tgsEntry(database: PrincipalDatabase, realm: string): PrincipalEntry {
  const entry = database.find(tgsPrincipal(realm).components, realm);
  if (entry === undefined) throw new TypeError(`${realm} has no ticket-granting service`);
  return entry;
}
