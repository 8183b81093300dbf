import { realmPath } from '../config/realm-path.ts';
import { CANONICALIZE, ENC_TKT_IN_SKEY, FORWARDED, PROXY, RENEW, VALIDATE } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { isTgs, tgsPrincipal, toPrincipal } from '../messages/principal.ts';
import type { PrincipalName } from '../messages/types.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import type { RealmPolicy } from './policy.ts';

/** Requests that concern an existing ticket, or another user's, are not referred. */
const NO_REFERRAL = FORWARDED | PROXY | RENEW | VALIDATE | ENC_TKT_IN_SKEY;

/**
 * The ticket-granting service to which to refer a client whose service is unknown here (RFC 4120 §3.3.3, RFC 6806 §8):
 * that of the requested realm, or of the host's realm, or of the nearest realm on the way there.
 */
export function findReferral(
  database: PrincipalDatabase,
  sname: PrincipalName,
  { kdcOptions, realm }: KdcReqBody,
): PrincipalEntry | undefined {
  const policy = database.realm(realm);
  if (policy === undefined || kdcOptions & NO_REFERRAL) return undefined;
  const target = isTgs(toPrincipal(sname, realm))
    ? sname.nameString[1]!
    : kdcOptions & CANONICALIZE
      ? realmOfHost(policy, sname)
      : undefined;
  if (target === undefined || target === realm) return undefined;
  return nearestRealm(database, realm, target);
}

/** Longer than any path in use; the realm's name may be anybody's choice. */
const MAX_STEPS = 10;

/** The ticket-granting service of `target`, or of the last realm before it that shares keys with ours. */
export function nearestRealm(
  database: PrincipalDatabase,
  realm: string,
  target: string,
): PrincipalEntry | undefined {
  const path = pathBetween(database.realm(realm)!, realm, target);
  const steps = path.slice(1).reverse().slice(0, MAX_STEPS);
  for (const step of steps) {
    const { components } = tgsPrincipal(step);
    const entry = database.find(components, realm);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** The realms from one to another, both included; anybody may have chosen the names. */
export function pathBetween(
  { capaths = {} }: RealmPolicy,
  client: string,
  server: string,
): readonly string[] {
  const paths = own(capaths, client);
  return realmPath(client, server, paths && own(paths, server));
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** By the name of the host or, for an enterprise name (RFC 6806 §5), by what follows its last `@`. */
function realmOfHost(policy: RealmPolicy, { nameType, nameString }: PrincipalName): string | undefined {
  const [first = '', host] = nameString;
  if (nameType === NT_ENTERPRISE && host === undefined) {
    const suffix = first.slice(first.lastIndexOf('@') + 1);
    return suffix.length > MAX_HOST ? undefined : (realmOfDomain(policy, suffix) ?? suffix);
  }
  return nameString.length < 2 || host === undefined ? undefined : realmOfDomain(policy, host);
}

/** The maximum length of a host name (RFC 1035 §2.3.4). */
const MAX_HOST = 255;

/** The realm of a host or a domain: by its name, else by the longest matching domain. */
export function realmOfDomain({ domainRealms }: RealmPolicy, host: string): string | undefined {
  if (domainRealms === undefined || host.length > MAX_HOST) return undefined;
  const name = host.toLowerCase();
  let realm = own(domainRealms, name);
  for (let dot = name.indexOf('.'); realm === undefined && dot >= 0; dot = name.indexOf('.', dot + 1)) {
    realm = own(domainRealms, name.slice(dot));
  }
  return realm;
}
