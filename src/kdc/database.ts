import type { KeytabEntry } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { KeyVersion } from './key-version.ts';
import type { PrincipalPolicy, RealmPolicy } from './policy.ts';

/** A principal as the KDC knows it. */
export interface PrincipalEntry {
  readonly principal: Principal;
  /** Its keys, newest version first; at least one. */
  readonly keys: readonly KeyVersion[];
  readonly policy: PrincipalPolicy;
}

/** Where a KDC looks up whom it serves. Both questions are asked for every request and answered at once. */
export interface PrincipalDatabase {
  /** The policy of a realm that is served here. */
  realm(name: string): RealmPolicy | undefined;
  /** The principal of a name in a realm, whatever the name's type. */
  find(components: readonly string[], realm: string): PrincipalEntry | undefined;
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
