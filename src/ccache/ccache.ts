import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';

/** What a cache holds, read and written as one value. */
export interface CacheContents {
  /** Whose tickets these are. */
  readonly principal: Principal;
  /** Tickets and, among them where they were stored, configuration entries (`config-entries.ts`). */
  readonly credentials: readonly Credential[];
  /** The KDC's clock minus ours, in milliseconds, as learnt when the cache was filled. */
  readonly kdcOffset?: number | undefined;
  /** Set when the cache broke off within a credential; what came before it is here. */
  readonly truncated?: boolean | undefined;
  /** Set as well where it is no mere end: a length in it is greater than the whole cache. */
  readonly damaged?: boolean | undefined;
}

/**
 * What a cache holds, the credentials one after another: each is good until the next one is taken. Behind the last one of
 * a damaged cache comes CcacheError CACHE_FORMAT.
 */
export interface CacheScan extends Pick<CacheContents, 'principal'> {
  readonly credentials: Iterable<Credential>;
}

/**
 * A handle on one credential cache; its contents are neither read nor made until a method is called, though a type
 * may find out beforehand which cache of a collection is meant.
 */
export interface Ccache {
  /** `FILE`, `MEMORY`, `DIR`, `KEYCHAIN`, … */
  readonly type: string;
  /** What follows the type in the cache's name. */
  readonly residual: string;
  /** Throws CcacheError CACHE_NOT_FOUND, CACHE_FORMAT, CACHE_VERSION, CACHE_IO or a KEYCHAIN_ code. */
  load(): Promise<CacheContents>;
  /**
   * The same for those who look once at each of many credentials: none of them is kept, nor is there more to each than
   * its properties, which cannot be spread. Absent where `load` is as quick.
   */
  scan?<T>(use: (scan: CacheScan) => Promise<T>): Promise<T>;
  /** Has ready what a change will take, as far as that leaves no trace: for a moment that would else be spent waiting. */
  prepare?(): void;
  /** Makes the cache, or replaces it whole: a reader finds the old contents or the new, never anything between. */
  initialize(contents: CacheContents): Promise<void>;
  /**
   * Adds credentials to an existing cache under its lock. Each replaces the one for the same client, server, key type
   * and is-skey that is forwarded, or a proxy, if it is; service tickets that have expired by `now` are swept.
   */
  store(credentials: readonly Credential[], now: Date): Promise<void>;
  /** Removes what matches, under the lock; tells how many there were. */
  remove(matches: (credential: Credential) => boolean): Promise<number>;
  /** Overwrites and removes the cache. Throws CcacheError CACHE_NOT_FOUND where there is none. */
  destroy(): Promise<void>;
}

/** Several caches under one type, one of them primary. */
export interface CcacheCollection {
  /** Every cache, the primary first. */
  list(): Promise<readonly Ccache[]>;
  primary(): Promise<Ccache | undefined>;
  setPrimary(cache: Ccache): Promise<void>;
  /** A handle for a cache of `principal` that does not exist yet. */
  create(principal: Principal): Promise<Ccache>;
}

/** A row of the table of cache types. */
export interface CcacheType {
  readonly name: string;
  /** Throws CcacheError for a name that the type cannot have. */
  resolve(residual: string, environment: CcacheEnvironment): Ccache;
  /** Where a server keeps the caches: throws CcacheError CACHE_IO unless it answers. */
  reach?(environment: CcacheEnvironment): Promise<void>;
  /**
   * Absent where the type has no collections. For a name that stands for one cache alone it is undefined, or a
   * collection of that one.
   */
  collection?(residual: string, environment: CcacheEnvironment): CcacheCollection | undefined;
}

/** What caches need to know of the user and the machine; the caller finds it out. */
export interface CcacheEnvironment {
  /** A directory of the user's own for sealed tickets and locks, such as `~/.local/share/krb5kit`; made 0700 on need. */
  readonly dataDirectory: string;
  /** The keychain, asked for only when a KEYCHAIN cache is used. */
  keychain(): Promise<Keychain>;
  /** Where the KCM server listens, `kcm_socket` in krb5.conf; `-` for nowhere, absent for the usual place. */
  readonly kcmSocket?: string | undefined;
}

/** The four calls on the OS keychain, each bounded in time; values are base64 text. */
export interface Keychain {
  /** The secret, or undefined where there is none. Throws KerberosError KEYCHAIN_LOCKED, _UNAVAILABLE or _TIMEOUT. */
  read(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
  /** Tells whether there was one. */
  remove(account: string): Promise<boolean>;
  /** Where secrets are remembered: the next `read` asks anew. */
  forget?(): void;
}

/** The name of a cache, `TYPE:residual`. */
export function ccacheName(cache: Pick<Ccache, 'type' | 'residual'>): string {
  return `${cache.type}:${cache.residual}`;
}
