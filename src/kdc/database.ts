import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { KeyVersion } from './key-version.ts';
import type { KeySource } from './new-keys.ts';
import type { PrincipalPolicy, RealmPolicy } from './policy.ts';

/** A principal as the KDC knows it. */
export interface PrincipalEntry {
  readonly principal: Principal;
  /** Its keys, newest version first; at least one. */
  readonly keys: readonly KeyVersion[];
  readonly policy: PrincipalPolicy;
  /** When it was added, if the database knows; older tickets in its name are those of somebody else. */
  readonly created?: Date | undefined;
}

/** Failures to log in since the last success. */
export interface Failures {
  readonly count: number;
  /** The time of the last one, in milliseconds. */
  readonly last: number;
}

/** Keeps the failures of principals, for every KDC that serves them and after its end. */
export interface FailureStore {
  /** Undefined where there are none. */
  find(principal: Principal): Failures | undefined;
  /** Forgets them if undefined. */
  keep(principal: Principal, failures: Failures | undefined): void;
}

/** Where a KDC looks up whom it serves. Both questions are asked for every request and answered at once. */
export interface PrincipalDatabase {
  /** Where failures to log in are kept, of those who are locked out by them; each KDC counts for itself if not given. */
  readonly failures?: FailureStore | undefined;
  /** The policy of a realm that is served here. */
  realm(name: string): RealmPolicy | undefined;
  /**
   * The principal of a name or an alias in a realm, whatever the name's type. Of a realm that is not served there are the
   * ticket-granting services whose keys it shares with one that is.
   */
  find(components: readonly string[], realm: string): PrincipalEntry | undefined;
}

/** What goes with new keys. */
export interface KeyChange {
  /** Their version; the next one if not given. */
  readonly kvno?: number | undefined;
  /** How many versions stay, the new one among them; all of them if not given. */
  readonly keep?: number | undefined;
  /** Members of the policy that change at the same time; undefined takes one away. */
  readonly policy?: Partial<PrincipalPolicy> | undefined;
}

/** A database whose principals may be changed while it is served. Both throw TypeError for one that is not there. */
export interface WritableDatabase extends PrincipalDatabase {
  /** Puts new keys before those a principal has. */
  addKeys(principal: Principal, source: KeySource, change?: KeyChange): PrincipalEntry;
  /** Changes members of a principal's policy; undefined takes one away. */
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

/** Every key of a principal as a keytab holds them; `timestamp` is when they are said to be written. */
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
