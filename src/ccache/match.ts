import { type Credential, isExpired } from '../messages/credential.ts';
import { FORWARDED, PROXY } from '../messages/flags.ts';
import { isTgs, type Principal, samePrincipal } from '../messages/principal.ts';
import { isConfigEntry } from './config-entries.ts';

/** A forwarded or proxy ticket is kept beside the one that it was made from. */
const KIND = FORWARDED | PROXY;

/**
 * Whether one credential replaces the other: same client, server, key type and is-skey, and both forwarded or proxy, or
 * neither. The other flags and the times may differ: that is what makes a newer ticket better.
 */
export function sameTicket(a: Credential, b: Credential): boolean {
  return (
    a.key.keytype === b.key.keytype &&
    a.isSkey === b.isSkey &&
    (a.flags & KIND) === (b.flags & KIND) &&
    samePrincipal(a.server, b.server) &&
    samePrincipal(a.client, b.client)
  );
}

/**
 * The credentials of a cache after `added` have been stored: each replaces an earlier one for the same ticket, and what
 * has expired by `now` is removed. The ticket-granting ticket for its own realm is kept, so that a listing can show
 * that it has expired, and so are configuration entries, whose times mean nothing.
 */
export function mergeCredentials(
  existing: readonly Credential[],
  added: readonly Credential[],
  now: Date,
): readonly Credential[] {
  const kept = existing.filter(
    old => isLasting(old, now) && !added.some(replacement => sameTicket(old, replacement)),
  );
  const latest = added.filter(
    (credential, i) => !added.slice(i + 1).some(later => sameTicket(credential, later)),
  );
  return [...kept, ...latest];
}

function isLasting(credential: Credential, now: Date): boolean {
  return !isExpired(credential, now) || isConfigEntry(credential) || isLocalTgs(credential.server);
}

/** krbtgt/R@R. */
function isLocalTgs(server: Principal): boolean {
  return isTgs(server) && server.components[1] === server.realm;
}
