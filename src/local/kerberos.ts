import type { Ccache, CcacheEnvironment } from '../ccache/ccache.ts';
import type { PreauthWishes } from '../client/as-state.ts';
import type { ServiceOptions } from '../client/service.ts';
import type { ArmorSource } from '../client/ticket-armor.ts';
import type { TicketWishes } from '../client/ticket-wishes.ts';
import type { Config } from '../config/config.ts';
import type { Keytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { Transport } from '../transport/transport.ts';
import type { Acceptance } from './acceptance.ts';
import type { PasswordChange } from './password.ts';

export interface OpenKerberosOptions {
  /** The environment variables to go by, such as KRB5_CONFIG and KRB5CCNAME; those of the process if not given. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A password, or what returns it when it is needed; or a keytab that has the client's key. */
export type LoginSecret =
  | { readonly password: string | (() => Promise<string>) }
  | { readonly keytab: Keytab };

/** What to ask for in the ticket is as krb5.conf says unless it is given. */
export interface LoginOptions extends TicketWishes, Pick<PreauthWishes, 'ask' | 'pkinit'> {
  /** The cache to put the ticket into, which loses what it holds; if not given, a new one, in memory until destroyed. */
  readonly cache?: Ccache | undefined;
  /**
   * The keytab of a service on this machine, for a program that checks the passwords of others: its key proves that the
   * answer comes from a KDC of the realm, as `verifyIssuer` says. Not verified if not given. The user is the principal of
   * the cache, which is the one that logged in unless `canonicalize` is true or an enterprise name was given.
   */
  readonly verifyBy?: Keytab | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Kerberos as this machine and its user have set it up. Its methods throw KerberosError. */
export interface LocalKerberos {
  /** The configuration: KRB5_CONFIG, else the usual files. */
  readonly config: Config;
  /** Carries requests to the KDCs of that configuration. */
  readonly transport: Transport;
  /** The transport and all else that krb5.conf says, for `openContext`, `openFromCache` and `getServiceCredential`. */
  readonly exchange: ServiceOptions;
  /**
   * The keys of the default keytab, the replay cache that native services share, and all else that krb5.conf says, for
   * `createAcceptor` and `createSpnegoAcceptor`; for `negotiateServer` together with `keytab`.
   */
  readonly acceptance: Acceptance;
  /** What `resolveCcache` needs. */
  readonly caches: CcacheEnvironment;
  /** The keytab of services: KRB5_KTNAME, `default_keytab_name`, else the system's. */
  readonly keytab: Keytab;
  /** The keytab of clients: KRB5_CLIENT_KTNAME, `default_client_keytab_name`, else the system's. */
  readonly clientKeytab: Keytab;
  /**
   * The armor that `auto_fast_armor` wants for every login to a realm, for `clientKeytab` and `clientPassword` of
   * `openContext`; `login` and `changePassword` use it by themselves.
   */
  armorFor(realm: string): Promise<ArmorSource | undefined>;
  /**
   * The user's default cache: KRB5CCNAME, `default_ccache_name`, else `KEYCHAIN:` if it holds tickets, else the file in
   * /tmp. It need not hold tickets.
   */
  defaultCache(): Promise<Ccache>;
  /** The principal of a name, in the default realm unless it states another. */
  principal(name: string): Promise<Principal>;
  /** The service of a host, whose name and realm are found as krb5.conf says: DNS, [domain_realm]. */
  service(name: string, host: string): Promise<Principal>;
  /**
   * Gets a ticket-granting ticket with a password or a keytab; resolves to its cache. Throws what `getInitialCredential`
   * throws, and with `verifyBy` what `verifyIssuer` throws.
   */
  login(client: string | Principal, secret: LoginSecret, options?: LoginOptions): Promise<Ccache>;
  /**
   * Changes a password, which may have expired, or sets that of another. Throws KerberosError PASSWORD_NOT_CHANGED in the
   * server's words, and what `getInitialCredential` and the function `changePassword` throw.
   */
  changePassword(client: string | Principal, change: PasswordChange): Promise<void>;
}

/**
 * Kerberos as it is set up on this machine, for a program that runs there: configuration, KDCs, the user's tickets,
 * keytabs. It reads the environment of the process, which nothing else in the library does. Throws ConfigError.
 */
export async function openKerberos({ env }: OpenKerberosOptions = {}): Promise<LocalKerberos> {
  // Not needed for anything else in the library.
  const { kerberosOf } = await import('./open.ts');
  return kerberosOf(env);
}
