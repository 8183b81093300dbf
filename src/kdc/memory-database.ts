import { KerberosError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import { aliasComponents, aliasedSince } from './aliases.ts';
import {
  exportKeytabEntries,
  type PrincipalEntry,
  type WritableDatabase,
  withNewKeys,
  withPolicy,
} from './database.ts';
import { type KeyVersion, OpenKeys } from './key-version.ts';
import { type KeySource, NEW_KEY_ENCTYPES, newKeys } from './new-keys.ts';
import { changedRealmPolicy, checkTimes, type PrincipalPolicy, type RealmPolicy } from './policy.ts';

export interface PrincipalOptions extends PrincipalPolicy {
  /** The version of its keys; 1 if not given. */
  readonly kvno?: number | undefined;
}

export interface DatabaseOptions {
  /** Enctypes for which new principals get keys, the preferred first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
  /** The clock of those who use it; the system's if not given. */
  readonly now?: (() => Date) | undefined;
}

/**
 * A database in memory. A key is derived from a password when it is first used, because that takes milliseconds; the
 * password is kept in memory until all keys have been derived.
 */
export interface MemoryDatabase extends WritableDatabase {
  /** Adds a realm, or changes its policy; its ticket-granting service gets random keys. */
  addRealm(name: string, policy?: Partial<RealmPolicy>): void;
  /**
   * Adds a principal to a served realm, or replaces it; the ticket-granting service of such a realm may be in another
   * realm. Throws what `stringToKey` and `randomKey` throw, KerberosError PRINCIPAL_MALFORMED for an alias, and
   * PRINCIPAL_EXISTS if its name or an alias belongs to another principal.
   */
  add(principal: Principal, source: KeySource, options?: PrincipalOptions): PrincipalEntry;
  /** Removes a principal; returns whether there was one. */
  remove(principal: Principal): boolean;
  /** Every key of a principal; none if it does not exist. */
  exportKeytabEntries(principal: Principal, timestamp?: Date): KeytabEntry[];
}

/**
 * An empty database in memory. A password is kept until every key has been derived from it, each when it is first used.
 */
export function createDatabase(options: DatabaseOptions = {}): MemoryDatabase {
  const { enctypes = NEW_KEY_ENCTYPES, now = () => new Date() } = options;
  const pool = new OpenKeys();
  const realms = new Map<string, StoredRealm>();
  /** Whether names may have been reused: until then, nobody can hold a ticket of an earlier principal. */
  let hasRemoved = false;

  function find(components: readonly string[], realm: string): PrincipalEntry | undefined {
    const stored = realms.get(realm);
    if (stored === undefined) return undefined;
    const key = nameKey(components);
    return stored.principals.get(key) ?? stored.aliases.get(key);
  }

  function put(entry: PrincipalEntry): PrincipalEntry {
    const { principal, policy } = entry;
    checkTimes(policy);
    const stored = realmFor(principal);
    const aliases = (policy.aliases ?? []).map(alias => nameKey(aliasComponents(alias)));
    const name = nameKey(principal.components);
    for (const key of [name, ...aliases]) checkFree(stored, key, principal);
    const aliased = hasRemoved ? aliasedSince(entry, stored.principals.get(name), now) : entry.aliased;
    if (take(stored, principal)) hasRemoved = true;
    const kept = { ...entry, aliased };
    stored.principals.set(name, kept);
    for (const alias of aliases) stored.aliases.set(alias, kept);
    return kept;
  }

  /** The principal's realm: one that is served, or one that only shares keys with one that is. */
  function realmFor(principal: Principal): StoredRealm {
    const known = realms.get(principal.realm);
    if (known?.policy !== undefined) return known;
    const isOurs = isTgs(principal) && realms.get(principal.components[1]!)?.policy !== undefined;
    if (!isOurs) throw new TypeError(`the realm of ${formatPrincipal(principal)} is not served`);
    const made: StoredRealm = known ?? { policy: undefined, principals: new Map(), aliases: new Map() };
    realms.set(principal.realm, made);
    return made;
  }

  function known(principal: Principal): PrincipalEntry {
    const entry = find(principal.components, principal.realm);
    if (entry === undefined) throw new TypeError(`${formatPrincipal(principal)} is not in the database`);
    return entry;
  }

  function keysFrom(principal: Principal, source: KeySource, kvno: number): KeyVersion {
    return newKeys(principal, source, { kvno, enctypes, pool, whenAsked: true });
  }

  function add(
    principal: Principal,
    source: KeySource,
    { kvno = 1, ...policy }: PrincipalOptions = {},
  ): PrincipalEntry {
    const before = realms.get(principal.realm)?.principals.get(nameKey(principal.components));
    const created = before === undefined && hasRemoved ? now() : before?.created;
    return put({ principal, keys: [keysFrom(principal, source, kvno)], policy, created });
  }

  return {
    realm: name => realms.get(name)?.policy,
    find,
    addRealm(name, policy = {}) {
      checkTimes(policy);
      const known = realms.get(name);
      const merged = changedRealmPolicy(known?.policy, policy);
      const { principals = new Map(), aliases = new Map() } = known ?? {};
      realms.set(name, { policy: merged, principals, aliases });
      if (known?.policy === undefined) add(tgsPrincipal(name), { random: true });
    },
    add,
    addKeys(principal, source, change = {}) {
      const entry = known(principal);
      return put(withNewKeys(entry, change, kvno => keysFrom(entry.principal, source, kvno)));
    },
    update: (principal, policy) => put(withPolicy(known(principal), policy)),
    remove(principal) {
      const stored = realms.get(principal.realm);
      const isRemoved = stored !== undefined && take(stored, principal);
      hasRemoved ||= isRemoved;
      return isRemoved;
    },
    exportKeytabEntries(principal, timestamp = new Date()) {
      const entry = find(principal.components, principal.realm);
      return entry === undefined ? [] : exportKeytabEntries(entry, timestamp);
    },
  };
}

/** A realm that is served or, without a policy, one that shares keys with such a realm. */
interface StoredRealm {
  readonly policy: RealmPolicy | undefined;
  readonly principals: Map<string, PrincipalEntry>;
  readonly aliases: Map<string, PrincipalEntry>;
}

/** Throws if a name or an alias belongs to a principal other than `principal`. */
function checkFree({ principals, aliases }: StoredRealm, key: string, principal: Principal): void {
  for (const holder of [principals.get(key), aliases.get(key)]) {
    if (holder === undefined || samePrincipal(holder.principal, principal)) continue;
    throw new KerberosError('PRINCIPAL_EXISTS', `${formatPrincipal(holder.principal)} has that name`);
  }
}

/** Removes a principal, if it exists, and its aliases. */
function take({ principals, aliases }: StoredRealm, { components }: Principal): boolean {
  const key = nameKey(components);
  const entry = principals.get(key);
  for (const alias of entry?.policy.aliases ?? []) {
    const aliasKey = nameKey(aliasComponents(alias));
    if (aliases.get(aliasKey) === entry) aliases.delete(aliasKey);
  }
  return principals.delete(key);
}

/** An unambiguous string for each name: a component may contain any character. */
function nameKey(components: readonly string[]): string {
  const [first = '', second = ''] = components;
  if (components.length === 1) return `,${first}`;
  return components.length === 2 ? `${first.length},${first}${second}` : JSON.stringify(components);
}
