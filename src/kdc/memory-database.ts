import { type Key, randomKey } from '../crypto/key.ts';
import { stringToKey } from '../crypto/string-to-key.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal, type Principal, tgsPrincipal } from '../messages/principal.ts';
import { defaultSalt } from '../preauth/hints.ts';
import { exportKeytabEntries, type PrincipalDatabase, type PrincipalEntry } from './database.ts';
import { KeyVersion, OpenKeys, type PasswordOrigin, s2kparams } from './key-version.ts';
import { DEFAULT_REALM_POLICY, type PrincipalPolicy, type RealmPolicy } from './policy.ts';

/** Where a principal's keys come from; `enctypes` are the database's if not given. */
export type KeySource =
  | {
      readonly password: string;
      readonly enctypes?: readonly number[] | undefined;
      /** The realm and the name's components if not given. */
      readonly salt?: string | undefined;
      /** PBKDF2 rounds; each enctype's default if not given. */
      readonly iterations?: number | undefined;
    }
  | { readonly random: true; readonly enctypes?: readonly number[] | undefined }
  | { readonly keys: readonly Key[]; readonly salt?: string | undefined };

export interface PrincipalOptions extends PrincipalPolicy {
  /** The version of its keys; 1 if not given. */
  readonly kvno?: number | undefined;
}

export interface DatabaseOptions {
  /** Enctypes that new principals get keys of, best first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
}

/** A database in memory. */
export interface MemoryDatabase extends PrincipalDatabase {
  /** Begins to serve a realm, or changes its policy; its ticket-granting service gets random keys. */
  addRealm(name: string, policy?: Partial<RealmPolicy>): void;
  /** Adds a principal to a realm that is served, or replaces it; throws what `stringToKey` and `randomKey` throw. */
  add(principal: Principal, source: KeySource, options?: PrincipalOptions): PrincipalEntry;
  /** Puts new keys before those a principal has, with the next version number unless another is given. */
  addKeys(principal: Principal, source: KeySource, kvno?: number): PrincipalEntry;
  /** Removes a principal; whether there was one. */
  remove(principal: Principal): boolean;
  /** Every key of a principal, none if it is unknown. */
  exportKeytabEntries(principal: Principal, timestamp?: Date): KeytabEntry[];
}

const ENCTYPES = [18, 17, 20, 19];

/** An empty database in memory. */
export function createDatabase(options: DatabaseOptions = {}): MemoryDatabase {
  const enctypes = options.enctypes ?? ENCTYPES;
  const pool = new OpenKeys();
  const realms = new Map<string, { policy: RealmPolicy; principals: Map<string, PrincipalEntry> }>();

  function find(components: readonly string[], realm: string): PrincipalEntry | undefined {
    return realms.get(realm)?.principals.get(nameKey(components));
  }

  function put(entry: PrincipalEntry): PrincipalEntry {
    const realm = realms.get(entry.principal.realm);
    if (realm === undefined)
      throw new TypeError(`the realm of ${formatPrincipal(entry.principal)} is not served`);
    realm.principals.set(nameKey(entry.principal.components), entry);
    return entry;
  }

  function keysFrom(principal: Principal, source: KeySource, kvno: number): KeyVersion {
    const origin = 'random' in source ? undefined : originOf(principal, source);
    return new KeyVersion(kvno, makeKeys(source, enctypes, origin), pool, origin);
  }

  function add(
    principal: Principal,
    source: KeySource,
    { kvno = 1, ...policy }: PrincipalOptions = {},
  ): PrincipalEntry {
    return put({ principal, keys: [keysFrom(principal, source, kvno)], policy });
  }

  return {
    realm: name => realms.get(name)?.policy,
    find,
    addRealm(name, policy = {}) {
      const known = realms.get(name);
      const merged = { ...DEFAULT_REALM_POLICY, ...known?.policy, ...policy };
      realms.set(name, { policy: merged, principals: known?.principals ?? new Map() });
      if (known === undefined) add(tgsPrincipal(name), { random: true });
    },
    add,
    addKeys(principal, source, kvno) {
      const entry = find(principal.components, principal.realm);
      if (entry === undefined) throw new TypeError(`${formatPrincipal(principal)} is not in the database`);
      const next = keysFrom(entry.principal, source, kvno ?? entry.keys[0]!.kvno + 1);
      return put({ ...entry, keys: [next, ...entry.keys] });
    },
    remove: principal =>
      realms.get(principal.realm)?.principals.delete(nameKey(principal.components)) ?? false,
    exportKeytabEntries(principal, timestamp = new Date()) {
      const entry = find(principal.components, principal.realm);
      return entry === undefined ? [] : exportKeytabEntries(entry, timestamp);
    },
  };
}

/** One string per name: a component may hold any character. */
function nameKey(components: readonly string[]): string {
  return JSON.stringify(components);
}

function originOf(principal: Principal, source: Exclude<KeySource, { random: true }>): PasswordOrigin {
  const salt = source.salt ?? defaultSalt(principal);
  return 'password' in source ? { salt, iterations: source.iterations } : { salt };
}

function makeKeys(
  source: KeySource,
  enctypes: readonly number[],
  origin: PasswordOrigin | undefined,
): readonly Key[] {
  if ('keys' in source) return source.keys;
  const etypes = source.enctypes ?? enctypes;
  if ('random' in source) return etypes.map(randomKey);
  return etypes.map(etype => stringToKey(etype, source.password, origin!.salt, s2kparams(etype, origin!)));
}
