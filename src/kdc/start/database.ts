import { parsePrincipal } from '../../messages/principal.ts';
import { changePasswordService } from '../kpasswd/message.ts';
import { createDatabase, type DatabaseOptions, type MemoryDatabase } from '../memory-database.ts';
import type { RealmPolicy } from '../policy.ts';
import type { RealmOptions } from '../start.ts';
import { addTrust } from '../trust.ts';

/** A new database in memory with the realms and their principals. */
export function createRealms(realms: readonly RealmOptions[], options: DatabaseOptions): MemoryDatabase {
  const database = createDatabase(options);
  for (const each of realms) database.addRealm(each.realm, given(each));
  for (const each of realms) fillRealm(database, each);
  return database;
}

function fillRealm(
  database: MemoryDatabase,
  { realm, users = [], services = [], trusts = [] }: RealmOptions,
): void {
  // Strings are iterable: each letter of a service's name would become a service.
  if (!Array.isArray(users) || !Array.isArray(services)) {
    throw new TypeError('the users and the services of a realm are arrays');
  }
  for (const { name, password, enctypes, salt, ...policy } of users) {
    const source =
      password === undefined ? { random: true as const, enctypes } : { password, enctypes, salt };
    database.add(parsePrincipal(name, { defaultRealm: realm }), source, policy);
  }
  for (const service of services) {
    const { name, enctypes, ...policy } = typeof service === 'string' ? { name: service } : service;
    database.add(parsePrincipal(name, { defaultRealm: realm }), { random: true, enctypes }, policy);
  }
  for (const trust of trusts) addTrust(database, realm, trust);
}

/** The options that belong to the realm's policy. */
const POLICY: Readonly<Record<keyof RealmPolicy, true>> = {
  maxLife: true,
  maxRenewableLife: true,
  requiresPreauth: true,
  policies: true,
  pac: true,
  acceptsUnsignedRequests: true,
  domain: true,
  indicators: true,
  domainRealms: true,
  capaths: true,
};

/** The members of the realm's policy that are given. */
function given(options: RealmOptions): Partial<RealmPolicy> {
  const members = Object.entries(options);
  return Object.fromEntries(members.filter(([name, value]) => name in POLICY && value !== undefined));
}

/**
 * Each realm has the service that changes passwords. Its tickets are short and need the current password (RFC 3244 §2);
 * none can be obtained early and kept, by postdating or renewal.
 */
export function addPasswordServices(database: MemoryDatabase, realms: readonly RealmOptions[]): void {
  const policy = {
    passwordChangeService: true,
    disallowTgsBased: true,
    disallowForwardable: true,
    disallowProxiable: true,
    disallowRenewable: true,
    disallowPostdated: true,
    maxLife: 300,
  };
  for (const { realm } of realms) {
    const service = changePasswordService(realm);
    if (database.find(service.components, realm) === undefined)
      database.add(service, { random: true }, policy);
  }
}
