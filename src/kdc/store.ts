import { formatPrincipal, type Principal, tgsPrincipal } from '../messages/principal.ts';
import { aliasedSince } from './aliases.ts';
import {
  exportKeytabEntries,
  type FailureStore,
  type PrincipalEntry,
  withNewKeys,
  withPolicy,
} from './database.ts';
import { OpenKeys } from './key-version.ts';
import type { MemoryDatabase, PrincipalOptions } from './memory-database.ts';
import { type KeySource, NEW_KEY_ENCTYPES, newKeys } from './new-keys.ts';
import { changedRealmPolicy, checkTimes } from './policy.ts';
import { storedFailures } from './store/failures.ts';
import type { StoreFile } from './store/file.ts';
import { StoredPrincipals } from './store/principals.ts';
import { StoredRealms } from './store/realms.ts';
import type { Sealer } from './store/seal.ts';
import { SealedRecords } from './store/sealed-records.ts';

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

interface DurableDatabaseOptions {
  readonly file: StoreFile;
  readonly sealer: Sealer;
  readonly defaultRealm: string;
  /** Enctypes for which new principals get keys, the preferred first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
}

/** The database in an open file. */
export function durableDatabase(options: DurableDatabaseOptions): DurableDatabase {
  const { file, sealer, defaultRealm, enctypes = NEW_KEY_ENCTYPES } = options;
  const pool = new OpenKeys();
  const records = new SealedRecords(file, sealer);
  const realms = new StoredRealms(records);
  const principals = new StoredPrincipals(records, pool);
  const failures = storedFailures(records);

  function known(principal: Principal): PrincipalEntry {
    const entry = principals.find(principal.components, principal.realm);
    if (entry !== undefined) return entry;
    throw new TypeError(`${formatPrincipal(principal)} is not in the database`);
  }

  function put(entry: PrincipalEntry): PrincipalEntry {
    const { principal, policy } = entry;
    checkTimes(policy);
    if (!realms.serves(principal))
      throw new TypeError(`the realm of ${formatPrincipal(principal)} is not served`);
    return file.change(() => {
      principals.checkNames(entry);
      const before = principals.own(principal);
      // What comes from another database was not made here, nor were its aliases.
      const isCopy = before === undefined && entry.created === undefined;
      const aliased = isCopy ? entry.aliased : aliasedSince(entry, before, () => new Date());
      const kept = { ...entry, aliased };
      principals.put(kept);
      return kept;
    });
  }

  function add(
    principal: Principal,
    source: KeySource,
    { kvno = 1, ...policy }: PrincipalOptions = {},
  ): PrincipalEntry {
    const keys = [newKeys(principal, source, { kvno, enctypes, pool })];
    return file.change(() => {
      const before = principals.own(principal);
      return put({ principal, keys, policy, created: before === undefined ? new Date() : before.created });
    });
  }

  return {
    failures,
    path: file.path,
    defaultRealm,
    realm: name => realms.find(name),
    find: (components, realm) => principals.find(components, realm),
    own: principal => principals.own(principal),
    put,
    add,
    addRealm(name, policy = {}) {
      checkTimes(policy);
      file.change(() => {
        const before = realms.find(name);
        realms.put(name, changedRealmPolicy(before, policy));
        if (before === undefined) add(tgsPrincipal(name), { random: true });
      });
    },
    addKeys: (principal, source, change = {}) =>
      file.change(() => {
        const entry = known(principal);
        return put(
          withNewKeys(entry, change, kvno => newKeys(entry.principal, source, { kvno, enctypes, pool })),
        );
      }),
    update: (principal, policy) => file.change(() => put(withPolicy(known(principal), policy))),
    remove: principal =>
      file.change(() => {
        failures.keep(principal, undefined);
        return principals.remove(principal);
      }),
    exportKeytabEntries(principal, timestamp = new Date()) {
      const entry = principals.find(principal.components, principal.realm);
      return entry === undefined ? [] : exportKeytabEntries(entry, timestamp);
    },
    realms: () => realms.names(),
    principals: () => principals.all(),
    change: work => file.change(work),
    close: () => file.close(),
  };
}
