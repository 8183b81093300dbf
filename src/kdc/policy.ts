/** What a realm grants where a principal has no rule of its own. */
export interface RealmPolicy {
  /** The longest life of a ticket in seconds; ten hours if not given. */
  readonly maxLife: number;
  /** How long a ticket may be renewed in seconds; seven days if not given. */
  readonly maxRenewableLife: number;
  /** Whether clients prove that they know their key before they get a ticket; true if not given. */
  readonly requiresPreauth: boolean;
}

export const DEFAULT_REALM_POLICY: RealmPolicy = {
  maxLife: 36_000,
  maxRenewableLife: 604_800,
  requiresPreauth: true,
};

/** What a principal may do and may be asked for; what is not given is as the realm has it, or allowed. */
export interface PrincipalPolicy {
  /** The longest life of its tickets and of tickets for it, in seconds. */
  readonly maxLife?: number | undefined;
  /** How long such tickets may be renewed, in seconds. */
  readonly maxRenewableLife?: number | undefined;
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
  /** The service changes passwords: those whose password has expired get tickets for it. */
  readonly passwordChangeService?: boolean | undefined;
  /** Clients may delegate to it (RFC 4120 §2.8). */
  readonly okAsDelegate?: boolean | undefined;
  /** The enctypes its software takes session keys of; those of its own keys if not given. */
  readonly sessionEnctypes?: readonly number[] | undefined;
}
