import type { Credential } from '../messages/credential.ts';
import type { Principal } from '../messages/principal.ts';

/** The contents of a cache, read and written as one value. */
export interface CacheContents {
  /** The client of the tickets. */
  readonly principal: Principal;
  /** Tickets and, at their place among them, configuration entries (`config-entries.ts`). */
  readonly credentials: readonly Credential[];
  /** The KDC's clock minus ours, in milliseconds, as determined when the cache was filled. */
  readonly kdcOffset?: number | undefined;
  /** Set if the cache ends within a credential; what precedes it is here. */
  readonly truncated?: boolean | undefined;
  /** Set in addition if the end is not merely missing: a length in it exceeds the whole cache. */
  readonly damaged?: boolean | undefined;
}

/**
 * The contents of a cache, one credential after another, each valid until the next is taken. After the last one of a
 * damaged cache, CcacheError CACHE_FORMAT is thrown.
 */
export interface CacheScan extends Pick<CacheContents, 'principal'> {
  readonly credentials: Iterable<Credential>;
}

/**
 * A handle for one credential cache. Its contents are neither read nor created until a method is called, but a type may
 * determine earlier which cache of a collection is meant.
 */
export interface Ccache {
  /** `FILE`, `MEMORY`, `DIR`, `KEYCHAIN`, … */
  readonly type: string;
  /** The part of the cache's name after the type. */
  readonly residual: string;
  /** Throws CcacheError CACHE_NOT_FOUND, CACHE_FORMAT, CACHE_VERSION, CACHE_IO or a KEYCHAIN_ code. */
  load(): Promise<CacheContents>;
  /**
   * The same for using credentials for `servers` alone: others may be missing and, where there are several for one
   * server, all but the first. Absent if `load` is as fast.
   */
  loadFor?(servers: readonly Principal[]): Promise<CacheContents>;
  /**
   * The same as `load` for looking once at each of many credentials: none of them is kept, and they have only accessors, so that
   * they cannot be spread. Absent if `load` is as fast.
   */
  scan?<T>(use: (scan: CacheScan) => Promise<T>): Promise<T>;
  /** Prepares a change as far as that leaves no trace, for use while otherwise waiting. */
  prepare?(): void;
  /**
   * Creates the cache, or replaces it as a whole: a reader finds the old contents or the new, never anything in
   * between.
   */
  initialize(contents: CacheContents): Promise<void>;
  /**
   * Adds credentials to an existing cache under its lock. Each replaces the one with the same client, server, key type,
   * is-skey and forwarded or proxy flags; service tickets that have expired by `now` are removed.
   */
  store(credentials: readonly Credential[], now: Date): Promise<void>;
  /** Removes what matches, under the lock; resolves to how many there were. */
  remove(matches: (credential: Credential) => boolean): Promise<number>;
  /** Overwrites and removes the cache. Throws CcacheError CACHE_NOT_FOUND if there is none. */
  destroy(): Promise<void>;
}

/** Several caches of one type, one of them primary. */
export interface CcacheCollection {
  /** Set if it consists of the one cache that was named. */
  readonly single?: true;
  /** Every cache, the primary first. */
  list(): Promise<readonly Ccache[]>;
  primary(): Promise<Ccache | undefined>;
  setPrimary(cache: Ccache): Promise<void>;
  /** A handle for a cache of `principal` beside the listed ones; usually it does not exist yet. */
  create(principal: Principal): Promise<Ccache>;
}

/** A row of the table of cache types. */
export interface CcacheType {
  readonly name: string;
  /** Throws CcacheError for a name that is invalid for the type. */
  resolve(residual: string, environment: CcacheEnvironment): Ccache;
  /** For caches on a server: throws CcacheError CACHE_IO unless it answers. */
  reach?(environment: CcacheEnvironment): Promise<void>;
  /**
   * Absent for types without collections. For a name that stands for a single cache, it returns undefined, or a
   * collection of that one.
   */
  collection?(residual: string, environment: CcacheEnvironment): CcacheCollection | undefined;
}

/** What caches need to know about the user and the machine; the caller determines it. */
export interface CcacheEnvironment {
  /**
   * A private directory for sealed tickets and locks, such as `~/.local/share/krb5kit`; created with mode 0700 if
   * needed.
   */
  readonly dataDirectory: string;
  /** Opens the keychain; called only when a KEYCHAIN cache is used. */
  keychain(): Promise<Keychain>;
  /** Where the KCM server listens, `kcm_socket` in krb5.conf; `-` for nowhere, the default place if absent. */
  readonly kcmSocket?: string | undefined;
}

/** The operations on the OS keychain, each bounded in time; values are base64 text. */
export interface Keychain {
  /** The secret, or undefined if there is none. Throws KerberosError KEYCHAIN_LOCKED, _UNAVAILABLE or _TIMEOUT. */
  read(account: string): Promise<string | undefined>;
  write(account: string, secret: string): Promise<void>;
  /** Resolves to whether there was one. */
  remove(account: string): Promise<boolean>;
  /** For a keychain that remembers secrets: makes the next `read` ask again. */
  forget?(): void;
}

/** The name of a cache, `TYPE:residual`. */
export function ccacheName(cache: Pick<Ccache, 'type' | 'residual'>): string {
  return `${cache.type}:${cache.residual}`;
}
