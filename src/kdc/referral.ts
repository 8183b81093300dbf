import { realmPath } from '../config/realm-path.ts';
import { CANONICALIZE, ENC_TKT_IN_SKEY, FORWARDED, PROXY, RENEW, VALIDATE } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { NT_ENTERPRISE } from '../messages/numbers.ts';
import { isTgs, tgsPrincipal, toPrincipal } from '../messages/principal.ts';
import type { PrincipalName } from '../messages/types.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import type { RealmPolicy } from './policy.ts';

/** What is asked of a ticket there is, or of another user's, goes to nobody but the service that is named. */
const NO_REFERRAL = FORWARDED | PROXY | RENEW | VALIDATE | ENC_TKT_IN_SKEY;

/**
 * The ticket-granting service to go on with, for a service that is unknown here (RFC 4120 §3.3.3, RFC 6806 §8): that
 * of the realm asked for, or of its host, or of the one nearest to it on the way there.
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

/** A path of this many realms is longer than any in use; its name may be anybody's. */
const MAX_STEPS = 10;

/** The ticket-granting service of `target` or of the last realm before it whose keys are shared. */
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

/** The realms from one to another, both included; either may be of anybody's naming. */
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

/** By the name of the host or, of an enterprise name (RFC 6806 §5), by what follows its last `@`. */
function realmOfHost(policy: RealmPolicy, { nameType, nameString }: PrincipalName): string | undefined {
  const [first = '', host] = nameString;
  if (nameType === NT_ENTERPRISE && host === undefined) {
    const suffix = first.slice(first.lastIndexOf('@') + 1);
    return suffix.length > MAX_HOST ? undefined : (realmOfDomain(policy, suffix) ?? suffix);
  }
  return nameString.length < 2 || host === undefined ? undefined : realmOfDomain(policy, host);
}

/** No name of a host is longer (RFC 1035 §2.3.4). */
const MAX_HOST = 255;

/** The realm of a host or of a domain: by its name, else by the longest domain around it. */
export function realmOfDomain({ domainRealms }: RealmPolicy, host: string): string | undefined {
  if (domainRealms === undefined || host.length > MAX_HOST) return undefined;
  const name = host.toLowerCase();
  let realm = own(domainRealms, name);
  for (let dot = name.indexOf('.'); realm === undefined && dot >= 0; dot = name.indexOf('.', dot + 1)) {
    realm = own(domainRealms, name.slice(dot));
  }
  return realm;
}
