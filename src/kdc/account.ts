/** The Windows domain that a realm claims to be, for the PACs of its clients. */
export interface DomainInfo {
  /** The domain's SID, such as `S-1-5-21-1-2-3`. */
  readonly sid: string;
  /** Its NetBIOS name. */
  readonly name: string;
  /** The NetBIOS name of the domain controller; none if not given. */
  readonly server?: string | undefined;
}

/** A client's account in its realm's domain; numbers are relative identifiers in the domain. */
export interface AccountInfo {
  readonly rid: number;
  /** Domain Users, 513, if not given. */
  readonly primaryGroup?: number | undefined;
  /** The groups besides the primary one. */
  readonly groups?: readonly number[] | undefined;
  readonly fullName?: string | undefined;
  /** The user principal name of the account; formed from name and realm if not given. */
  readonly upn?: string | undefined;
}
