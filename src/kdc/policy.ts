import type { AccountInfo, DomainInfo } from './account.ts';

/** What a realm says in its tickets of clients that have pre-authenticated by a mechanism (RFC 8129). */
export interface IndicatorPolicy {
  readonly encryptedTimestamp?: readonly string[] | undefined;
  readonly encryptedChallenge?: readonly string[] | undefined;
  readonly spake?: readonly string[] | undefined;
  readonly pkinit?: readonly string[] | undefined;
  readonly otp?: readonly string[] | undefined;
}

/** What a realm grants where a principal has no rule of its own. */
export interface RealmPolicy {
  /** The longest life of a ticket in seconds; ten hours if not given. */
  readonly maxLife: number;
  /** How long a ticket may be renewed in seconds; seven days if not given. */
  readonly maxRenewableLife: number;
  /** Whether clients prove that they know their key before they get a ticket; true if not given. */
  readonly requiresPreauth: boolean;
  /** Policies by name; the one called `default` is for principals that name none. */
  readonly policies?: Readonly<Record<string, NamedPolicy>> | undefined;
  /** Whether tickets say who their client is in a PAC (MS-PAC); true if not given. */
  readonly pac?: boolean | undefined;
  /** The domain in which clients with an `account` are; PACs tell names alone if not given. */
  readonly domain?: DomainInfo | undefined;
  /** Authentication indicators by the mechanism used; none if not given. */
  readonly indicators?: IndicatorPolicy | undefined;
  /**
   * Whether requests with a ticket may come without a checksum of what is asked for, which anybody on the way could then
   * change (RFC 4120 §3.3.2 asks for it); false if not given.
   */
  readonly acceptsUnsignedRequests?: boolean | undefined;
  /** The realms of hosts by their names, or by the domains around them with a dot before: whom to refer clients to. */
  readonly domainRealms?: Readonly<Record<string, string>> | undefined;
  /** The realms between two, by the client's realm and the other, as [capaths] of krb5.conf has them; the hierarchy of their names if not given. */
  readonly capaths?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> | undefined;
}

/** What is asked of passwords, and what becomes of guesses. A limit that is not given is none. */
export interface NamedPolicy {
  /** Characters that a new password must have. */
  readonly minLength?: number | undefined;
  /** How many of lower case, upper case, digits, punctuation and all else it must mix. */
  readonly minClasses?: number | undefined;
  /** How many passwords, the present one among them, it must differ from. */
  readonly history?: number | undefined;
  /** Seconds before a user may change it again. */
  readonly minPasswordLife?: number | undefined;
  /** Seconds after which it ends. */
  readonly maxPasswordLife?: number | undefined;
  /** Failures to pre-authenticate after which the account is locked. */
  readonly maxFailures?: number | undefined;
  /** Seconds without a failure after which earlier ones are forgotten; they never are if not given. */
  readonly failureCountInterval?: number | undefined;
  /** Seconds that it stays locked; until it is unlocked if not given. */
  readonly lockoutDuration?: number | undefined;
}

/** What makes one-time passwords: RFC 6238 by the time or, with a counter, RFC 4226. */
export interface OtpToken {
  /** Base32, as an otpauth: address has it. */
  readonly secret: string;
  /** 6 to 8; 6 if not given. */
  readonly digits?: number | undefined;
  /** Seconds that a value is good for; 30 if not given. */
  readonly period?: number | undefined;
  /** Of the next value. */
  readonly counter?: number | undefined;
  /** `sha1` if not given. */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512' | undefined;
}

export const DEFAULT_REALM_POLICY: RealmPolicy = {
  maxLife: 36_000,
  maxRenewableLife: 604_800,
  requiresPreauth: true,
};

/** What a principal may do and may be asked for; what is not given is as the realm has it, or allowed. */
export interface PrincipalPolicy {
  /** Its other names in its realm, in text; one with an `@` is an enterprise name (RFC 6806 §5). */
  readonly aliases?: readonly string[] | undefined;
  /** The longest life of its tickets and of tickets for it, in seconds. */
  readonly maxLife?: number | undefined;
  /** How long such tickets may be renewed, in seconds. */
  readonly maxRenewableLife?: number | undefined;
  /** Besides its own tickets, those of others for it: where true, none for who was let in without (RFC 4120 §2.1). */
  readonly requiresPreauth?: boolean | undefined;
  /** When the account ends. */
  readonly expiration?: Date | undefined;
  /** When the password ends; then only a password-changing service may be asked for. */
  readonly passwordExpiration?: Date | undefined;
  /** No tickets at all, neither to it nor for it. */
  readonly locked?: boolean | undefined;
  readonly disallowForwardable?: boolean | undefined;
  readonly disallowProxiable?: boolean | undefined;
  readonly disallowRenewable?: boolean | undefined;
  readonly disallowPostdated?: boolean | undefined;
  /** No tickets for it but user-to-user ones. */
  readonly disallowServer?: boolean | undefined;
  /** No user-to-user tickets for it. */
  readonly disallowUserToUser?: boolean | undefined;
  /** Tickets for it come from the AS exchange alone. */
  readonly disallowTgsBased?: boolean | undefined;
  /** The name of one of the realm's policies. */
  readonly policy?: string | undefined;
  /** When the password was changed last. */
  readonly passwordChanged?: Date | undefined;
  /** May set the passwords of others. */
  readonly setsPasswords?: boolean | undefined;
  /** Proves who it is by one-time passwords, and never by its password alone. */
  readonly otp?: OtpToken | undefined;
  /** The service changes passwords: those whose password has expired get tickets for it. */
  readonly passwordChangeService?: boolean | undefined;
  /** Clients may delegate to it (RFC 4120 §2.8). */
  readonly okAsDelegate?: boolean | undefined;
  /** Services that it may go to in the name of those who came to it (S4U2Proxy), in text, in its own realm unless they say otherwise. */
  readonly delegatesTo?: readonly string[] | undefined;
  /** Services that may come to it in the name of others (resource-based delegation, MS-SFU 1.3.2), in text. */
  readonly acceptsDelegationFrom?: readonly string[] | undefined;
  /** The tickets that it gets in the name of others (S4U2Self) are good for going on with `delegatesTo`. */
  readonly okToAuthAsDelegate?: boolean | undefined;
  /** Nobody goes anywhere in its name: its tickets are neither forwardable nor proxiable. */
  readonly notDelegated?: boolean | undefined;
  /** Its account in the realm's domain. */
  readonly account?: AccountInfo | undefined;
  /** Tickets for it have neither a PAC nor authentication indicators. */
  readonly noPac?: boolean | undefined;
  /** It is for clients that have one of these authentication indicators at least. */
  readonly requiresIndicators?: readonly string[] | undefined;
  /** The enctypes its software takes session keys of; those of its own keys if not given. */
  readonly sessionEnctypes?: readonly number[] | undefined;
}

/** What is asked of a principal's password. */
export function namedPolicy(
  realm: RealmPolicy | undefined,
  { policy = 'default' }: PrincipalPolicy,
): NamedPolicy {
  const policies = realm?.policies;
  return policies !== undefined && Object.hasOwn(policies, policy) ? policies[policy]! : {};
}
