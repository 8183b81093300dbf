import { TransportError } from '../errors.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { parsePrincipal } from '../messages/principal.ts';
import type { Transport } from '../transport/transport.ts';
import { createKdc, type Kdc, type KdcOptions } from './kdc.ts';
import { formatKrb5Conf } from './krb5-conf.ts';
import { loadMechanisms } from './mechanisms.ts';
import { createDatabase, type MemoryDatabase, type PrincipalOptions } from './memory-database.ts';
import type { KdcPkinitOptions } from './pkinit.ts';
import type { RealmPolicy } from './policy.ts';
import { type KdcServer, type ListenOptions, listenKdc } from './server.ts';

/** A user with a password. */
export interface UserSpec extends PrincipalOptions {
  /** In text, in the realm unless it says otherwise. */
  readonly name: string;
  readonly password: string;
  readonly enctypes?: readonly number[] | undefined;
  readonly salt?: string | undefined;
}

/** A service with random keys; see `keytab` for them. */
export interface ServiceSpec extends PrincipalOptions {
  readonly name: string;
  readonly enctypes?: readonly number[] | undefined;
}

export interface StartKdcOptions
  extends Partial<RealmPolicy>,
    ListenOptions,
    Pick<KdcOptions, 'now' | 'clockskew' | 'log' | 'mechanisms'> {
  readonly realm: string;
  /** Offers PKINIT, too, and anonymous tickets where there is the service WELLKNOWN/ANONYMOUS; not with `mechanisms`. */
  readonly pkinit?: KdcPkinitOptions | undefined;
  readonly users?: readonly UserSpec[] | undefined;
  /** Names alone or with more to say of them. */
  readonly services?: readonly (string | ServiceSpec)[] | undefined;
  /** Enctypes that principals get keys of, best first; AES with SHA-1 and with SHA-2 if not given. */
  readonly enctypes?: readonly number[] | undefined;
}

/** A realm with a KDC that listens. */
export interface RunningKdc extends KdcServer, AsyncDisposable {
  readonly kdc: Kdc;
  readonly realm: string;
  /** Principals may be added, changed and removed at any time. */
  readonly database: MemoryDatabase;
  /** Reaches the KDC without a socket. */
  readonly transport: Transport;
  /** A krb5.conf by which clients on this machine find the KDC. */
  krb5Conf(): string;
  /** The keys of principals, by their names in text, as a keytab holds them. */
  keytab(...names: readonly string[]): KeytabEntry[];
}

/** Starts a KDC for one realm on loopback. Throws KerberosError KDC_LISTEN, and what its names and enctypes bring. */
export async function startKdc(options: StartKdcOptions): Promise<RunningKdc> {
  const { realm } = options;
  const database = createRealm(options);
  const mechanisms = options.mechanisms ?? (await loadMechanisms(options.pkinit));
  const kdc = createKdc({ ...options, database, mechanisms });
  const server = await listenKdc(kdc, options);
  return {
    kdc,
    realm,
    database,
    host: server.host,
    port: server.port,
    transport: transportTo(kdc, database),
    krb5Conf: () => formatKrb5Conf({ realm, host: server.host, port: server.port }),
    keytab: (...names) =>
      names.flatMap(name => database.exportKeytabEntries(parsePrincipal(name, { defaultRealm: realm }))),
    close: () => server.close(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** Carries requests to a KDC in the same process. */
export function transportTo(kdc: Kdc, database: Pick<MemoryDatabase, 'realm'>): Transport {
  return async (realm, request) => {
    if (database.realm(realm) === undefined) {
      throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for realm "${realm}"`, realm);
    }
    const reply = kdc.handle(request);
    if (reply === undefined) {
      throw new TransportError('KDC_UNREACHABLE', `Cannot contact any KDC for realm '${realm}'`, realm);
    }
    return reply;
  };
}

function createRealm(options: StartKdcOptions): MemoryDatabase {
  const { realm, users = [], services = [] } = options;
  const database = createDatabase({ enctypes: options.enctypes });
  database.addRealm(realm, given(options));
  for (const { name, password, enctypes, salt, ...policy } of users) {
    database.add(parsePrincipal(name, { defaultRealm: realm }), { password, enctypes, salt }, policy);
  }
  for (const service of services) {
    const { name, enctypes, ...policy } = typeof service === 'string' ? { name: service } : service;
    database.add(parsePrincipal(name, { defaultRealm: realm }), { random: true, enctypes }, policy);
  }
  return database;
}

/** The realm's policy as far as it is given. */
function given({ maxLife, maxRenewableLife, requiresPreauth }: StartKdcOptions): Partial<RealmPolicy> {
  return {
    ...(maxLife === undefined ? {} : { maxLife }),
    ...(maxRenewableLife === undefined ? {} : { maxRenewableLife }),
    ...(requiresPreauth === undefined ? {} : { requiresPreauth }),
  };
}
