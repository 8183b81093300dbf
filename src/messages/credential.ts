import type { Principal } from './principal.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from './types.ts';

/** A ticket and what its owner needs to use it: the session key, the times, the flags. */
export interface Credential {
  readonly client: Principal;
  readonly server: Principal;
  readonly key: EncryptionKey;
  readonly authtime: Date;
  /** Absent if the ticket is valid from its authtime. */
  readonly starttime?: Date | undefined;
  readonly endtime: Date;
  readonly renewTill?: Date | undefined;
  /** The ticket flags of RFC 4120 §5.3, see `flags.ts`. */
  readonly flags: number;
  /** Addresses the ticket may be used from; empty means any. */
  readonly addresses: readonly HostAddress[];
  readonly authorizationData: readonly AuthorizationDataElement[];
  /** The ticket's DER. */
  readonly ticket: Uint8Array;
  /** The second ticket's DER of a user-to-user credential, else empty. */
  readonly secondTicket: Uint8Array;
  /** Whether the ticket is sealed in the session key of the second ticket. */
  readonly isSkey: boolean;
}

/** When a credential becomes valid. */
export function startOf(credential: Credential): Date {
  return credential.starttime ?? credential.authtime;
}

/** Whether a credential has expired at `now`. */
export function isExpired(credential: Credential, now: Date): boolean {
  return credential.endtime.getTime() <= now.getTime();
}
