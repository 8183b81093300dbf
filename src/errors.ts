import type { Decision } from './trace.ts';

/**
 * The one error type of the toolkit and its closed set of codes. A command maps a code to a sentence and
 * an exit status; a library user switches on `code`. Caller bugs are plain `TypeError`.
 */
export type ErrorCode =
  // bytes and keys
  | 'CODEC' // bytes that do not follow their format
  | 'INTEGRITY' // a decryption or checksum that failed verification
  | 'ENCTYPE_UNSUPPORTED' // an encryption or checksum type that is unknown or switched off
  | 'KEY_LENGTH' // a key whose length does not fit its enctype
  | 'S2K_PARAMS' // string-to-key parameters that are malformed or out of bounds
  | 'INPUT_TOO_LONG' // a file, pipe or standard input with more bytes than are accepted
  // names and configuration
  | 'PRINCIPAL_MALFORMED'
  | 'CONFIG_SYNTAX'
  | 'CONFIG_VALUE'
  | 'CONFIG_NO_DEFAULT_REALM'
  | 'CONFIG_UNREADABLE'
  // keytabs
  | 'KEYTAB_NOT_FOUND'
  | 'KEYTAB_FORMAT'
  | 'KEYTAB_TYPE_UNKNOWN'
  | 'KEYTAB_NO_KEY' // no entry for the principal, kvno or enctype
  | 'KEYTAB_IO'
  // credential caches
  | 'CACHE_NOT_FOUND'
  | 'CACHE_FORMAT'
  | 'CACHE_VERSION'
  | 'CACHE_TYPE_UNKNOWN'
  | 'CACHE_NAME' // a name that is invalid for its cache type, or that a new cache cannot have
  | 'CACHE_IO'
  | 'CACHE_BUSY' // another process held the lock for too long
  | 'CREDENTIAL_NOT_FOUND'
  | 'KEYCHAIN_UNAVAILABLE' // no keychain on this machine or in this session
  | 'KEYCHAIN_LOCKED'
  | 'KEYCHAIN_TIMEOUT'
  | 'KEYCHAIN_KEY_LOST' // the sealed file exists, but its key does not
  | 'KEYCHAIN_PASSPHRASE' // the passphrase is wrong, or nobody could be asked for it
  | 'ERROR_UNKNOWN' // an error to be explained is not known
  | 'PROGRAM_NOT_STARTED' // a program that is to use tickets or a realm could not be started
  | 'AGENT_LISTEN' // the agent could not bind its socket
  // reaching a KDC
  | 'REALM_UNKNOWN' // no KDC is known for the realm
  | 'KDC_UNREACHABLE'
  | 'ABORTED'
  | 'KDC_LISTEN' // the embedded KDC could not bind its port
  // the database of a KDC
  | 'DATABASE_NOT_FOUND'
  | 'DATABASE_EXISTS'
  | 'DATABASE_FORMAT' // a file that is not a principal database, or has records that cannot be opened
  | 'DATABASE_IO' // a database, its master key or a dump that cannot be read or written
  | 'DATABASE_KEY' // the master key is missing, or not the one that the records are sealed under
  | 'DUMP_FORMAT' // a dump of another KDC that cannot be parsed
  | 'PRINCIPAL_UNKNOWN'
  | 'PRINCIPAL_EXISTS'
  // exchanges
  | 'KDC_ERROR' // the KDC answered KRB-ERROR
  | 'REPLY_MODIFIED' // a reply that does not match its request (RFC 4120 §3.1.5, §3.3.4)
  | 'REPLY_SKEW'
  | 'PASSWORD_INCORRECT'
  | 'PASSWORD_UNREAD' // no password could be read
  | 'PAC_MISMATCH' // a PAC that belongs to another ticket
  | 'PASSWORD_NOT_CHANGED' // no new password was accepted for one that has expired
  | 'PASSWORD_MISMATCH' // the two readings of a new password differ
  | 'PASSWORD_INTERRUPTED'
  | 'PREAUTH_FAILED'
  | 'PKINIT_IDENTITY' // a certificate, key or anchor that PKINIT cannot use
  | 'KDC_NOT_TRUSTED' // a KDC that has not proved to be the realm's, by its certificate or by the key of a service
  | 'FAST_REQUIRED' // the KDC answered a request in FAST armor without FAST
  | 'NO_TGT'
  | 'TICKET_EXPIRED'
  | 'S4U_IGNORED' // the KDC ignored the user in whose name a service asked for a ticket
  // the application exchange
  | 'AP_REFUSED' // our acceptor refused a request
  | 'SERVER_REFUSED' // a service answered our AP-REQ with KRB-ERROR
  | 'MUTUAL_FAILED' // the service could not prove that it holds its key
  | 'SENDAUTH' // the sendauth dialogue broke off
  | 'GSS' // a GSS-API call failed, for the reason that GssError names
  | 'HTTP'; // an HTTP exchange failed before it was authenticated

/**
 * Every failure that is not a caller's bug. `cause` keeps the underlying error. `instanceof` also recognizes the errors
 * of other copies of the library in the same process, so that those thrown by `krb5kit` and by `krb5kit/kdc` are alike.
 */
export class KerberosError extends Error {
  /** @internal */
  static readonly kind: string = 'krb5kit.KerberosError';

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass is asked for its own instances
    return isInstance(value, this);
  }

  override readonly name: string = 'KerberosError';
  readonly code: ErrorCode;
  /** What was asked, answered and decided before a failed exchange with a KDC failed, in order. */
  declare tried?: readonly Decision[];

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Bytes that do not follow their format; `path` names the field, outermost first. */
export class CodecError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.CodecError';
  override readonly name = 'CodecError';
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[] = [], options?: ErrorOptions) {
    super('CODEC', path.length === 0 ? message : `${path.join('.')}: ${message}`, options);
    this.path = path;
  }
}

/** A decryption or checksum that failed verification (RFC 3961 §3). */
export class IntegrityError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.IntegrityError';
  override readonly name = 'IntegrityError';

  constructor(message = 'Decrypt integrity check failed', options?: ErrorOptions) {
    super('INTEGRITY', message, options);
  }
}

/** A mistake in the configuration, with its file and line. */
export class ConfigError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.ConfigError';
  override readonly name = 'ConfigError';
  readonly file: string | undefined;
  readonly line: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    where?: { file?: string; line?: number },
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.file = where?.file;
    this.line = where?.line;
  }
}

/** A keytab that could not be read or written, or that lacks the requested key. */
export class KeytabError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.KeytabError';
  override readonly name = 'KeytabError';
}

/** A credential cache that could not be found, read or written. `cache` is its name, `TYPE:residual`. */
export class CcacheError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.CcacheError';
  override readonly name = 'CcacheError';
  readonly cache: string | undefined;

  constructor(code: ErrorCode, message: string, cache?: string, options?: ErrorOptions) {
    super(code, message, options);
    this.cache = cache;
  }
}

/** One attempt to reach a KDC. */
export interface TransportAttempt {
  /** The target, such as `udp 127.0.0.1:88`. */
  readonly target: string;
  /** How the target was found, such as `kdc, /etc/krb5.conf:14`. */
  readonly found?: string | undefined;
  /** Why the attempt failed. */
  readonly reason: string;
  /** Whether the request is known not to have arrived: there was no address or no connection, or the port is closed. */
  readonly undelivered?: boolean | undefined;
}

/** No KDC of a realm could be found or reached; `attempts` lists every attempt in order. */
export class TransportError extends KerberosError {
  /** @internal */
  static override readonly kind = 'krb5kit.TransportError';
  override readonly name = 'TransportError';
  readonly realm: string;
  readonly attempts: readonly TransportAttempt[];

  constructor(
    code: ErrorCode,
    message: string,
    realm: string,
    attempts: readonly TransportAttempt[] = [],
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.realm = realm;
    this.attempts = attempts;
  }
}

// Another copy has classes of its own: the bundle krb5kit/kdc, or the modules that a test runner loads for each test.
function isInstance(value: unknown, type: typeof KerberosError): boolean {
  if (Function.prototype[Symbol.hasInstance].call(type, value)) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(type, 'kind')) return false;
  for (
    let each: unknown = value.constructor;
    typeof each === 'function';
    each = Object.getPrototypeOf(each)
  ) {
    if (Object.hasOwn(each, 'kind') && (each as typeof KerberosError).kind === type.kind) return true;
  }
  return false;
}
