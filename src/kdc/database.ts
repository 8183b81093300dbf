import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { KeyVersion } from './key-version.ts';
import type { KeySource } from './new-keys.ts';
import type { PrincipalPolicy, RealmPolicy } from './policy.ts';

/** A principal as the KDC knows it. */
export interface PrincipalEntry {
  readonly principal: Principal;
  /** Its keys, the newest version first; at least one. */
  readonly keys: readonly KeyVersion[];
  readonly policy: PrincipalPolicy;
  /** When it was added, if the database knows; older tickets in its name belong to an earlier principal. */
  readonly created?: Date | undefined;
  /**
   * When it was given its newest alias, if that was after it was created; older tickets in an alias may have been issued
   * to somebody else, and are refused.
   */
  readonly aliased?: Date | undefined;
}

/** Failed logins since the last success. */
export interface Failures {
  readonly count: number;
  /** The time of the last one, in milliseconds. */
  readonly last: number;
}

/** Stores the failed logins of principals, for all KDCs that serve them and beyond their end. */
export interface FailureStore {
  /** Undefined where there are none. */
  find(principal: Principal): Failures | undefined;
  /** Forgets them if undefined. */
  keep(principal: Principal, failures: Failures | undefined): void;
}

/** Where a KDC looks principals up. Both look-ups are made for every request and are synchronous. */
export interface PrincipalDatabase {
  /**
   * Where the failed logins are stored of principals that can be locked out; without it, each KDC counts for itself.
   */
  readonly failures?: FailureStore | undefined;
  /** The policy of a realm; undefined if it is not served here. */
  realm(name: string): RealmPolicy | undefined;
  /**
   * The principal with a name or an alias in a realm, whatever the name's type. For a realm that is not served, only
   * the ticket-granting services that share keys with a served realm are found.
   */
  find(components: readonly string[], realm: string): PrincipalEntry | undefined;
}

/** What changes together with new keys. */
interface KeyChange {
  /** Their version; the next one if not given. */
  readonly kvno?: number | undefined;
  /** How many versions to keep, including the new one; all of them if not given. */
  readonly keep?: number | undefined;
  /** Members of the policy that change at the same time; undefined removes one. */
  readonly policy?: Partial<PrincipalPolicy> | undefined;
}

/**
 * A database whose principals may be changed while it is served. Both methods throw TypeError for a principal that does
 * not exist.
 */
export interface WritableDatabase extends PrincipalDatabase {
  /** Adds new keys in front of those that a principal has. */
  addKeys(principal: Principal, source: KeySource, change?: KeyChange): PrincipalEntry;
  /** Changes members of a principal's policy; undefined removes one. */
  update(principal: Principal, policy: Partial<PrincipalPolicy>): PrincipalEntry;
}

/** Whether a database may be changed. */
export function isWritable(database: PrincipalDatabase): database is WritableDatabase {
  return 'addKeys' in database && 'update' in database;
}

/** The keys of the newest version. */
export function currentKeys(entry: PrincipalEntry): KeyVersion {
  return entry.keys[0]!;
}

/** The entry after `change`, which puts the keys that `make` makes of their version in front. */
export function withNewKeys(
  entry: PrincipalEntry,
  { kvno, keep, policy }: KeyChange,
  make: (kvno: number) => KeyVersion,
): PrincipalEntry {
  const next = make(kvno ?? currentKeys(entry).kvno + 1);
  return { ...withPolicy(entry, policy), keys: [next, ...entry.keys].slice(0, keep) };
}

/** The entry after a change of its policy. */
export function withPolicy(
  entry: PrincipalEntry,
  policy: Partial<PrincipalPolicy> | undefined,
): PrincipalEntry {
  return { ...entry, policy: { ...entry.policy, ...policy } };
}

/** Every key of a principal as keytab entries; `timestamp` is their time of writing. */
export function exportKeytabEntries(entry: PrincipalEntry, timestamp: Date): KeytabEntry[] {
  return entry.keys.flatMap(version =>
    version.rows().map(({ etype, bytes }) => ({
      principal: entry.principal,
      timestamp,
      kvno: version.kvno,
      key: { keytype: etype, keyvalue: bytes },
    })),
  );
}
