import { KerberosError, TransportError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { formatPrincipal, type Principal, parsePrincipal } from '../messages/principal.ts';
import type { Transport } from '../transport/transport.ts';
import { createKdc, type Kdc, type KdcOptions, type Responder } from './kdc.ts';
import { changePasswordService } from './kpasswd/message.ts';
import { formatKrb5Conf, type RealmLocation } from './krb5-conf.ts';
import {
  createDatabase,
  type DatabaseOptions,
  type MemoryDatabase,
  type PrincipalOptions,
} from './memory-database.ts';
import type { RealmPolicy } from './policy.ts';
import { loadMechanisms, type MechanismOptions } from './preauth/mechanisms.ts';
import { type KdcServer, type ListenOptions, listenKdc } from './server.ts';
import { type KdcServiceOptions, type RunningServices, startServices } from './services.ts';
import { createTroublemaker, type Trouble, type Troublemaker } from './trouble.ts';
import { addTrust, type TrustSpec } from './trust.ts';

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
  const kdc = createKdc({ ...options, now: trouble.now, database, mechanisms });
  const served = trouble.around(kdc);
  const listens = options.listen ?? true;
  const server = listens ? await listenKdc(served, options) : NOWHERE;
  const {
    passwordPort,
    kkdcpUrl,
    responder,
    close: closeServices,
  } = await startServices({ kdc, served, database }, options).catch(async error => {
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

/**
 * Each realm has the service that changes passwords. Its tickets are short and need the current password (RFC 3244 §2);
 * none can be obtained early and kept, by postdating or renewal.
 */
function addPasswordServices(database: MemoryDatabase, realms: readonly RealmOptions[]): void {
  const policy = {
    passwordChangeService: true,
    disallowTgsBased: true,
    disallowForwardable: true,
    disallowProxiable: true,
    disallowRenewable: true,
    disallowPostdated: true,
    maxLife: 300,
  };
  for (const { realm } of realms) {
    const service = changePasswordService(realm);
    if (database.find(service.components, realm) === undefined)
      database.add(service, { random: true }, policy);
  }
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

/** Carries requests to a KDC in the same process. */
export function transportTo(kdc: Responder, database: Pick<MemoryDatabase, 'realm'>): Transport {
  return async (realm, request, signal) => {
    if (database.realm(realm) === undefined) {
      throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for realm "${realm}"`, realm);
    }
    if (signal?.aborted) throw aborted(realm, signal);
    const reply = kdc.handle(request);
    const held = kdc.delay?.() ?? 0;
    if (held > 0) await pause(held, signal);
    if (signal?.aborted) throw aborted(realm, signal);
    if (reply === undefined) {
      throw new TransportError('KDC_UNREACHABLE', `Cannot contact any KDC for realm '${realm}'`, realm);
    }
    return reply;
  };
}

/** Resolves after some milliseconds, or as soon as the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(end, milliseconds);
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
}

function aborted(realm: string, { reason }: AbortSignal): TransportError {
  return new TransportError('ABORTED', 'aborted', realm, [], { cause: reason });
}

function createRealms(realms: readonly RealmOptions[], options: DatabaseOptions): MemoryDatabase {
  const database = createDatabase(options);
  for (const each of realms) database.addRealm(each.realm, given(each));
  for (const each of realms) fillRealm(database, each);
  return database;
}

function fillRealm(
  database: MemoryDatabase,
  { realm, users = [], services = [], trusts = [] }: RealmOptions,
): void {
  // Strings are iterable: each letter of a service's name would become a service.
  if (!Array.isArray(users) || !Array.isArray(services)) {
    throw new TypeError('the users and the services of a realm are arrays');
  }
  for (const { name, password, enctypes, salt, ...policy } of users) {
    const source =
      password === undefined ? { random: true as const, enctypes } : { password, enctypes, salt };
    database.add(parsePrincipal(name, { defaultRealm: realm }), source, policy);
  }
  for (const service of services) {
    const { name, enctypes, ...policy } = typeof service === 'string' ? { name: service } : service;
    database.add(parsePrincipal(name, { defaultRealm: realm }), { random: true, enctypes }, policy);
  }
  for (const trust of trusts) addTrust(database, realm, trust);
}

/** The options that belong to the realm's policy. */
const POLICY: Readonly<Record<keyof RealmPolicy, true>> = {
  maxLife: true,
  maxRenewableLife: true,
  requiresPreauth: true,
  policies: true,
  pac: true,
  acceptsUnsignedRequests: true,
  domain: true,
  indicators: true,
  domainRealms: true,
  capaths: true,
};

/** The members of the realm's policy that are given. */
function given(options: RealmOptions): Partial<RealmPolicy> {
  const members = Object.entries(options);
  return Object.fromEntries(members.filter(([name, value]) => name in POLICY && value !== undefined));
}
