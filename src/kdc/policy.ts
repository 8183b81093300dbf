import { secondsOf } from '../messages/seconds.ts';
import type { AccountInfo, DomainInfo } from './account.ts';

/** The authentication indicators in tickets, by the mechanism that the client has used (RFC 8129). */
export interface IndicatorPolicy {
  readonly encryptedTimestamp?: readonly string[] | undefined;
  readonly encryptedChallenge?: readonly string[] | undefined;
  readonly spake?: readonly string[] | undefined;
  readonly pkinit?: readonly string[] | undefined;
  readonly otp?: readonly string[] | undefined;
}

/** What a realm grants to principals without rules of their own. */
export interface RealmPolicy {
  /** The maximum lifetime of a ticket in seconds; ten hours if not given. */
  readonly maxLife: number;
  /** The maximum time in seconds for which a ticket can be renewed; seven days if not given. */
  readonly maxRenewableLife: number;
  /** Whether clients must pre-authenticate before they get a ticket; true if not given. */
  readonly requiresPreauth: boolean;
  /** Password policies by name; `default` is for principals that name none. */
  readonly policies?: Readonly<Record<string, NamedPolicy>> | undefined;
  /** Whether tickets contain a PAC (MS-PAC); true if not given. */
  readonly pac?: boolean | undefined;
  /** The domain of clients that have an `account`; without it, PACs contain only names. */
  readonly domain?: DomainInfo | undefined;
  /** Authentication indicators by the mechanism used; none if not given. */
  readonly indicators?: IndicatorPolicy | undefined;
  /**
   * Whether TGS requests may come without a checksum over their body, which anybody in between could then change (RFC
   * 4120 §3.3.2 requires it); false if not given.
   */
  readonly acceptsUnsignedRequests?: boolean | undefined;
  /** The realms of hosts by their names, or by their domains with a leading dot: where to refer clients to. */
  readonly domainRealms?: Readonly<Record<string, string>> | undefined;
  /**
   * The realms on the path between two, by the client's realm and then the other, as in [capaths] of krb5.conf; the
   * hierarchy of their names if not given.
   */
  readonly capaths?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> | undefined;
}

/** The requirements for passwords, and the lockout after failed guesses. A limit that is not given does not apply. */
export interface NamedPolicy {
  /** The minimum length of a new password in characters. */
  readonly minLength?: number | undefined;
  /** How many of the classes lower case, upper case, digits, punctuation and everything else it must contain. */
  readonly minClasses?: number | undefined;
  /** How many passwords, including the current one, it must differ from. */
  readonly history?: number | undefined;
  /** Seconds before the user may change it again. */
  readonly minPasswordLife?: number | undefined;
  /** Seconds after which it expires. */
  readonly maxPasswordLife?: number | undefined;
  /** The number of failed pre-authentications after which the account is locked. */
  readonly maxFailures?: number | undefined;
  /** Seconds without a failure after which earlier ones are forgotten; never if not given. */
  readonly failureCountInterval?: number | undefined;
  /** Seconds for which the account stays locked; until it is unlocked if not given. */
  readonly lockoutDuration?: number | undefined;
}

/** A token for one-time passwords: RFC 6238 by time or, with a counter, RFC 4226. */
export interface OtpToken {
  /** In Base32, as in an otpauth: URI. */
  readonly secret: string;
  /** 6 to 8; 6 if not given. */
  readonly digits?: number | undefined;
  /** Seconds for which a value is valid; 30 if not given. */
  readonly period?: number | undefined;
  /** The counter of the next value. */
  readonly counter?: number | undefined;
  /** `sha1` if not given. */
  readonly algorithm?: 'sha1' | 'sha256' | 'sha512' | undefined;
}

export const DEFAULT_REALM_POLICY: RealmPolicy = {
  maxLife: 36_000,
  maxRenewableLife: 604_800,
  requiresPreauth: true,
};

/** A realm's policy after a change, in which undefined removes a member: it is the default again, if it has one. */
export function changedRealmPolicy(
  before: RealmPolicy | undefined,
  change: Partial<RealmPolicy>,
): RealmPolicy {
  const members = Object.entries({ ...before, ...change });
  return {
    ...DEFAULT_REALM_POLICY,
    ...Object.fromEntries(members.filter(([, value]) => value !== undefined)),
  };
}

/** The rules for a principal; what is not given is allowed, or as in the realm's policy. */
export interface PrincipalPolicy {
  /** Its other names in its realm, as text; one with an `@` is an enterprise name (RFC 6806 §5). */
  readonly aliases?: readonly string[] | undefined;
  /** The maximum lifetime in seconds of its tickets and of tickets for it. */
  readonly maxLife?: number | undefined;
  /** The maximum time in seconds for which such tickets can be renewed. */
  readonly maxRenewableLife?: number | undefined;
  /**
   * Whether it must pre-authenticate; if true, clients that have not done so get no tickets for it either (RFC 4120
   * §2.1).
   */
  readonly requiresPreauth?: boolean | undefined;
  /** When the account expires. */
  readonly expiration?: Date | undefined;
  /** When the password expires; afterwards, only tickets for a password-changing service are issued to it. */
  readonly passwordExpiration?: Date | undefined;
  /** Issues no tickets at all, neither to it nor for it. */
  readonly locked?: boolean | undefined;
  readonly disallowForwardable?: boolean | undefined;
  readonly disallowProxiable?: boolean | undefined;
  readonly disallowRenewable?: boolean | undefined;
  readonly disallowPostdated?: boolean | undefined;
  /** Issues no tickets for it except user-to-user ones. */
  readonly disallowServer?: boolean | undefined;
  /** Issues no user-to-user tickets for it. */
  readonly disallowUserToUser?: boolean | undefined;
  /** Issues tickets for it in the AS exchange only. */
  readonly disallowTgsBased?: boolean | undefined;
  /** The name of one of the realm's policies. */
  readonly policy?: string | undefined;
  /** When the password was last changed. */
  readonly passwordChanged?: Date | undefined;
  /** Whether it may set the passwords of others. */
  readonly setsPasswords?: boolean | undefined;
  /** The token with whose one-time passwords it must authenticate, never with its password alone. */
  readonly otp?: OtpToken | undefined;
  /** Whether the service changes passwords, so that clients whose password has expired get tickets for it. */
  readonly passwordChangeService?: boolean | undefined;
  /** Whether clients may delegate their credentials to it (RFC 4120 §2.8). */
  readonly okAsDelegate?: boolean | undefined;
  /**
   * The services that it may reach in the name of its clients (S4U2Proxy), as text, in its own realm unless stated
   * otherwise.
   */
  readonly delegatesTo?: readonly string[] | undefined;
  /** The services that may reach it in the name of others (resource-based delegation, MS-SFU 1.3.2), as text. */
  readonly acceptsDelegationFrom?: readonly string[] | undefined;
  /** Whether tickets that it gets in the name of others (S4U2Self) can be used with `delegatesTo`. */
  readonly okToAuthAsDelegate?: boolean | undefined;
  /** Whether nobody may act in its name: its tickets are neither forwardable nor proxiable. */
  readonly notDelegated?: boolean | undefined;
  /** Its account in the realm's domain. */
  readonly account?: AccountInfo | undefined;
  /** Whether tickets for it lack a PAC and authentication indicators. */
  readonly noPac?: boolean | undefined;
  /** It accepts only clients with at least one of these authentication indicators. */
  readonly requiresIndicators?: readonly string[] | undefined;
  /** The enctypes of session keys that its software supports; those of its own keys if not given. */
  readonly sessionEnctypes?: readonly number[] | undefined;
}

/** The password policy that applies to a principal. */
export function namedPolicy(
  realm: RealmPolicy | undefined,
  { policy = 'default' }: PrincipalPolicy,
): NamedPolicy {
  const policies = realm?.policies;
  return policies !== undefined && Object.hasOwn(policies, policy) ? policies[policy]! : {};
}

/** Throws TypeError if a lifetime is not a number of seconds, or a time such as `2030-01-31` is text. */
export function checkTimes(policy: PrincipalPolicy): void {
  secondsOf('maxLife', policy.maxLife, 0);
  secondsOf('maxRenewableLife', policy.maxRenewableLife, 0);
  const { expiration, passwordExpiration } = policy;
  for (const [name, time] of Object.entries({ expiration, passwordExpiration })) {
    // Under a test runner's clock, a Date may be of another class.
    if (time !== undefined && !Number.isFinite(time?.getTime?.())) throw new TypeError(`${name} is a Date`);
  }
}
