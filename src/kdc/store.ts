import { IntegrityError, KerberosError } from '../errors.ts';
import {
  formatPrincipal,
  isTgs,
  type Principal,
  samePrincipal,
  tgsPrincipal,
} from '../messages/principal.ts';
import { aliasComponents, aliasedSince } from './aliases.ts';
import { exportKeytabEntries, type FailureStore, type Failures, type PrincipalEntry } from './database.ts';
import { OpenKeys } from './key-version.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { type KeySource, NEW_KEY_ENCTYPES, newKeys } from './new-keys.ts';
import { checkLives, DEFAULT_REALM_POLICY, type RealmPolicy } from './policy.ts';
import { EntryCache } from './store/cache.ts';
import type { StoreFile } from './store/file.ts';
import { decodeEntry, decodeValue, encodeEntry, encodeValue } from './store/record.ts';
import type { Sealer } from './store/seal.ts';

/**
 * A database in a file, which several processes may use at the same time: each sees the changes of the others. Its
 * methods also throw KerberosError DATABASE_IO, and DATABASE_FORMAT for a record that cannot be opened.
 */
export interface DurableDatabase extends MemoryDatabase {
  readonly failures: FailureStore;
  readonly path: string;
  /** The realm of names that state none. */
  readonly defaultRealm: string;
  /** The served realms. */
  realms(): readonly string[];
  /** Every principal, realm by realm, always in the same order. */
  principals(): Iterable<PrincipalEntry>;
  /** The principal with this name, not one with this alias. */
  own(principal: Principal): PrincipalEntry | undefined;
  /**
   * Adds a principal to a served realm, or replaces it. Throws KerberosError PRINCIPAL_EXISTS if its name or an alias
   * belongs to another principal.
   */
  put(entry: PrincipalEntry): PrincipalEntry;
  /** Does all of `work` or, if it throws, nothing; waits for the disk only once. */
  change<T>(work: () => T): T;
  close(): Promise<void>;
}

export interface DurableDatabaseOptions {
  readonly file: StoreFile;
  readonly sealer: Sealer;
  readonly defaultRealm: string;
  /** Enctypes for which new principals get keys, the preferred first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
}

/** The prefixes of keys: principals, their aliases, their failed logins, realms. */
const PRINCIPAL = 'P';
const ALIAS = 'A';
const FAILURES = 'F';
const REALM = 'R';

/** The database in an open file. */
export function durableDatabase(options: DurableDatabaseOptions): DurableDatabase {
  const { file, sealer, defaultRealm, enctypes = NEW_KEY_ENCTYPES } = options;
  const pool = new OpenKeys();
  const brief = new NoPool();
  const entries = new EntryCache(file, (key, bytes, kept) =>
    decodeEntry(open(key, bytes), kept ? pool : brief),
  );
  const policies = new EntryCache(file, (key, bytes) => decodeValue<RealmPolicy>(open(key, bytes)));

  function open(key: string, bytes: Uint8Array): Uint8Array {
    try {
      return sealer.unseal(key, bytes);
    } catch (cause) {
      if (!(cause instanceof IntegrityError)) throw cause;
      throw new KerberosError('DATABASE_FORMAT', `A record of ${file.path} is damaged`, { cause });
    }
  }

  function find(components: readonly string[], realm: string): PrincipalEntry | undefined {
    const name = nameKey(components, realm);
    const entry = entries.find(PRINCIPAL + name);
    if (entry !== undefined) return entry;
    const target = file.get(ALIAS + name);
    return target && entries.find(decodeValue<string>(open(ALIAS + name, target)));
  }

  function own({ components, realm }: Principal): PrincipalEntry | undefined {
    return entries.find(PRINCIPAL + nameKey(components, realm));
  }

  function known(principal: Principal): PrincipalEntry {
    const entry = find(principal.components, principal.realm);
    if (entry !== undefined) return entry;
    throw new TypeError(`${formatPrincipal(principal)} is not in the database`);
  }

  /** The served realms at one version of the file: each request asks for them several times. */
  let served = { version: Number.NaN, policies: new Map<string, RealmPolicy>() };

  function realm(name: string): RealmPolicy | undefined {
    const version = file.version();
    if (served.version !== version) served = { version, policies: new Map() };
    const known = served.policies.get(name);
    if (known !== undefined) return known;
    const policy = policies.find(REALM + JSON.stringify(name));
    if (policy !== undefined) served.policies.set(name, policy);
    return policy;
  }

  /** Besides the principals of served realms there are the keys that other realms share with them. */
  function isServed(principal: Principal): boolean {
    const { components } = principal;
    return realm(principal.realm) !== undefined || (isTgs(principal) && realm(components[1]!) !== undefined);
  }

  function put(entry: PrincipalEntry): PrincipalEntry {
    const { principal, policy, keys } = entry;
    checkLives(policy);
    if (!isServed(principal)) throw new TypeError(`the realm of ${formatPrincipal(principal)} is not served`);
    const key = PRINCIPAL + nameKey(principal.components, principal.realm);
    const aliases = aliasKeys(entry);
    return file.change(() => {
      for (const name of [nameKey(principal.components, principal.realm), ...aliasNames(entry)])
        checkFree(name, principal);
      const before = own(principal);
      // What comes from another database was not made here, nor were its aliases.
      const isCopy = before === undefined && entry.created === undefined;
      const aliased = isCopy ? entry.aliased : aliasedSince(entry, before, () => new Date());
      take(principal);
      const record = encodeEntry({ ...entry, aliased, policy: { ...policy } });
      file.put(key, sealer.seal(key, keys[0]!.kvno, record));
      for (const alias of aliases) file.put(alias, sealer.seal(alias, 0, encodeValue(key)));
      return { ...entry, aliased };
    });
  }

  /** Throws if a name or an alias belongs to a principal other than `principal`. */
  function checkFree(name: string, principal: Principal): void {
    const target = file.get(ALIAS + name);
    const holders = [
      entries.find(PRINCIPAL + name),
      target && entries.find(decodeValue<string>(open(ALIAS + name, target))),
    ];
    for (const holder of holders) {
      if (holder === undefined || samePrincipal(holder.principal, principal)) continue;
      throw new KerberosError('PRINCIPAL_EXISTS', `${formatPrincipal(holder.principal)} has that name`);
    }
  }

  /** Removes a principal, if it exists, and its aliases. */
  function take(principal: Principal): boolean {
    const key = PRINCIPAL + nameKey(principal.components, principal.realm);
    const entry = own(principal);
    for (const alias of entry === undefined ? [] : aliasKeys(entry)) {
      const target = file.get(alias);
      if (target !== undefined && decodeValue<string>(open(alias, target)) === key) file.remove(alias);
    }
    return file.remove(key);
  }

  const failuresKey = ({ components, realm }: Principal): string => FAILURES + nameKey(components, realm);
  const failures: FailureStore = {
    find(principal) {
      const key = failuresKey(principal);
      const bytes = file.get(key);
      return bytes && decodeValue<Failures>(open(key, bytes));
    },
    keep(principal, found) {
      const key = failuresKey(principal);
      file.change(() => {
        if (found === undefined) file.remove(key);
        else file.put(key, sealer.seal(key, 0, encodeValue(found)));
      });
    },
  };

  function add(
    principal: Principal,
    source: KeySource,
    { kvno = 1, ...policy }: Parameters<MemoryDatabase['add']>[2] = {},
  ): PrincipalEntry {
    const keys = [newKeys(principal, source, { kvno, enctypes, pool })];
    return file.change(() => {
      const before = own(principal);
      return put({ principal, keys, policy, created: before === undefined ? new Date() : before.created });
    });
  }

  return {
    failures,
    path: file.path,
    defaultRealm,
    realm,
    find,
    own,
    put,
    add,
    addRealm(name, policy = {}) {
      checkLives(policy);
      file.change(() => {
        const before = realm(name);
        const key = REALM + JSON.stringify(name);
        const merged = { ...DEFAULT_REALM_POLICY, ...before, ...policy };
        file.put(key, sealer.seal(key, 0, encodeValue(merged)));
        if (before === undefined) add(tgsPrincipal(name), { random: true });
      });
    },
    addKeys: (principal, source, { kvno, keep, policy } = {}) =>
      file.change(() => {
        const entry = known(principal);
        const version = kvno ?? entry.keys[0]!.kvno + 1;
        const next = newKeys(entry.principal, source, { kvno: version, enctypes, pool });
        const keys = [next, ...entry.keys].slice(0, keep);
        return put({ ...entry, keys, policy: { ...entry.policy, ...policy } });
      }),
    update: (principal, policy) =>
      file.change(() => {
        const entry = known(principal);
        return put({ ...entry, policy: { ...entry.policy, ...policy } });
      }),
    remove: principal =>
      file.change(() => {
        file.remove(failuresKey(principal));
        return take(principal);
      }),
    exportKeytabEntries(principal, timestamp = new Date()) {
      const entry = find(principal.components, principal.realm);
      return entry === undefined ? [] : exportKeytabEntries(entry, timestamp);
    },
    realms: () => file.keys(REALM).map(key => JSON.parse(key.slice(REALM.length)) as string),
    *principals() {
      for (const key of file.keys(PRINCIPAL)) {
        const bytes = file.get(key);
        // Another process may have removed it.
        if (bytes !== undefined) yield decodeEntry(open(key, bytes), brief);
      }
    },
    change: work => file.change(work),
    close: () => file.close(),
  };
}

/** For entries that are soon garbage, together with their opened keys. */
class NoPool extends OpenKeys {
  override admit(): void {}
}

function aliasKeys(entry: PrincipalEntry): readonly string[] {
  return aliasNames(entry).map(name => ALIAS + name);
}

function aliasNames({ principal, policy }: PrincipalEntry): readonly string[] {
  return (policy.aliases ?? []).map(alias => nameKey(aliasComponents(alias), principal.realm));
}

/** An unambiguous string for each name: a component may contain any character. */
function nameKey(components: readonly string[], realm: string): string {
  const [first, second] = components;
  // The result of JSON.stringify, in a fraction of its time.
  if (PLAIN.test(realm) && PLAIN.test(first!)) {
    if (components.length === 1) return `["${realm}","${first}"]`;
    if (components.length === 2 && PLAIN.test(second!)) return `["${realm}","${first}","${second}"]`;
  }
  return JSON.stringify([realm, ...components]);
}

/** Text that JSON does not quote. */
const PLAIN = /^[\w.@/-]*$/;
