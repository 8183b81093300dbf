import { KerberosError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../messages/principal.ts';
import type { Transport } from '../transport/transport.ts';
import { createKdc, type Kdc, type KdcOptions } from './kdc.ts';
import { formatKrb5Conf, type RealmLocation } from './krb5-conf.ts';
import type { MemoryDatabase, PrincipalOptions } from './memory-database.ts';
import type { RealmPolicy } from './policy.ts';
import { loadMechanisms, type MechanismOptions } from './preauth/mechanisms.ts';
import { type KdcServer, type ListenOptions, listenKdc } from './server.ts';
import { type KdcServiceOptions, type RunningServices, startServices } from './services.ts';
import { addPasswordServices, createRealms } from './start/database.ts';
import { transportTo } from './start/transport.ts';
import { createTroublemaker, type Trouble, type Troublemaker } from './trouble.ts';
import type { TrustSpec } from './trust.ts';

/** A user with a password. */
export interface UserSpec extends PrincipalOptions {
  /** The name as text, in the realm unless it states another. */
  readonly name: string;
  /** The keys are random if not given, for a user who authenticates by certificate or one-time password only. */
  readonly password?: string | undefined;
  readonly enctypes?: readonly number[] | undefined;
  readonly salt?: string | undefined;
}

/** A service with random keys, which `keytab` returns. */
export interface ServiceSpec extends PrincipalOptions {
  readonly name: string;
  readonly enctypes?: readonly number[] | undefined;
}

/** A realm and its principals. */
export interface RealmOptions extends Partial<RealmPolicy> {
  readonly realm: string;
  readonly users?: readonly UserSpec[] | undefined;
  /** Names, or names with further options. */
  readonly services?: readonly (string | ServiceSpec)[] | undefined;
  /** The realms that it trusts, or that trust it. */
  readonly trusts?: readonly TrustSpec[] | undefined;
}

export interface StartKdcOptions
  extends RealmOptions,
    ListenOptions,
    KdcServiceOptions,
    MechanismOptions,
    Pick<KdcOptions, 'now' | 'clockskew' | 'log' | 'mechanisms'> {
  /** Further realms of the same KDC. */
  readonly realms?: readonly RealmOptions[] | undefined;
  /** Enctypes for which principals get keys, the preferred first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
  /** The database to serve, to which only the password-changing service is added; a new one in memory if not given. */
  readonly database?: MemoryDatabase | undefined;
  /**
   * Whether to listen; if false, the KDC opens no socket, and it and its services are reached only through `transport`.
   * True if not given.
   */
  readonly listen?: boolean | undefined;
  /** Deliberate trouble. */
  readonly trouble?: Trouble | undefined;
  /** Called before each request for new trouble; undefined leaves it as it is. */
  readonly nextTrouble?: (() => Trouble | undefined) | undefined;
}

/** A running KDC. Its `port` is 0 if it does not listen. */
export interface RunningKdc
  extends KdcServer,
    AsyncDisposable,
    Pick<Troublemaker, 'now' | 'advance' | 'cause'>,
    Pick<RunningServices, 'passwordPort' | 'kkdcpUrl'> {
  readonly kdc: Kdc;
  readonly realm: string;
  /** Principals may be added, changed and removed at any time. */
  readonly database: MemoryDatabase;
  /** Reaches the KDC and the password server without a socket. */
  readonly transport: Transport;
  /** A krb5.conf with which clients on this machine find the KDC. Throws TypeError if it does not listen. */
  krb5Conf(): string;
  /** The keys of principals, given by name, as keytab entries. Throws KerberosError PRINCIPAL_UNKNOWN. */
  keytab(...names: readonly string[]): KeytabEntry[];
}

/**
 * Starts a KDC for one realm, on loopback by default. Throws KerberosError KDC_LISTEN, TypeError without a realm, and
 * errors for invalid names and enctypes.
 */
export async function startKdc(options: StartKdcOptions): Promise<RunningKdc> {
  const { realm } = options;
  if (!realm) throw new TypeError('a KDC needs the name of a realm');
  const realms = await realmsOf(options);
  const trouble = createTroublemaker({ ...options, onDeath: () => void close() });
  const database = options.database ?? createRealms(realms, { enctypes: options.enctypes, now: trouble.now });
  if (options.passwordPort !== undefined) addPasswordServices(database, realms);
  const mechanisms = options.mechanisms ?? (await loadMechanisms(options));
  const seen = trouble.accounts(database);
  const kdc = createKdc({ ...options, now: trouble.now, database: seen, mechanisms });
  const served = trouble.around(kdc);
  const listens = options.listen ?? true;
  const server = listens ? await listenKdc(served, options) : NOWHERE;
  const {
    passwordPort,
    kkdcpUrl,
    responder,
    close: closeServices,
  } = await startServices({ kdc, served, database: seen }, options).catch(async error => {
    await server.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await Promise.all([server.close(), closeServices()]);
  };
  const { host, port } = server;
  return {
    kdc,
    realm,
    database,
    host,
    port,
    passwordPort,
    kkdcpUrl,
    transport: transportTo(responder, database),
    now: trouble.now,
    advance: trouble.advance,
    cause: trouble.cause,
    krb5Conf() {
      if (!listens) throw new TypeError('a KDC that does not listen is in no krb5.conf');
      return formatKrb5Conf({ realm, host, port, passwordPort, ...neighbours(realms) });
    },
    keytab: (...names) =>
      names.flatMap(name => entriesOf(database, parsePrincipal(name, { defaultRealm: realm }))),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const NOWHERE: KdcServer = { host: '', port: 0, close: async () => undefined };

/** Throws for an unknown name: a keytab that lacks the keys of a misspelt name would be hard to explain. */
function entriesOf(database: MemoryDatabase, principal: Principal): KeytabEntry[] {
  if (database.find(principal.components, principal.realm) === undefined) {
    throw new KerberosError('PRINCIPAL_UNKNOWN', `the KDC does not know ${formatPrincipal(principal)}`);
  }
  return database.exportKeytabEntries(principal);
}

async function realmsOf({ trouble, ...options }: StartKdcOptions): Promise<readonly RealmOptions[]> {
  const others = options.realms ?? [];
  if (trouble?.referralLoop === undefined) return [options, ...others];
  const { withReferralLoop } = await import('./trouble/loop.ts');
  return [...withReferralLoop(options, trouble.referralLoop), ...others];
}

/** The other realms that clients must find, and the paths between realms. */
function neighbours(realms: readonly RealmOptions[]): Pick<RealmLocation, 'realms' | 'capaths'> {
  const served = realms.slice(1).map(({ realm }) => ({ realm }));
  const capaths: Record<string, Readonly<Record<string, readonly string[]>>> = {};
  for (const [client, paths] of realms.flatMap(each => Object.entries(each.capaths ?? {}))) {
    capaths[client] = { ...capaths[client], ...paths };
  }
  const trusted = realms.flatMap(({ trusts = [] }) => trusts.filter(({ kdc }) => kdc !== undefined));
  return {
    realms: [...served, ...trusted.map(({ realm: name, kdc }) => ({ realm: name, kdc }))],
    capaths,
  };
}
