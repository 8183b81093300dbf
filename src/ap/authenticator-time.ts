import { randomUint32 } from '../crypto/random.ts';

/** The two fields that date an authenticator. */
export interface AuthenticatorTime {
  readonly ctime: Date;
  readonly cusec: number;
}

const MICROSECONDS = 1000;
let ticks: number | undefined;

/**
 * Dates an authenticator: milliseconds from the clock, and below them a running count, so that no two of the same
 * millisecond are alike (RFC 4120 §3.2.3) unless there are more than a thousand. The count starts anywhere, since two
 * processes may share a clock and a ticket.
 */
export function authenticatorTime(now: Date): AuthenticatorTime {
  ticks = ((ticks ?? randomUint32()) + 1) % MICROSECONDS;
  return { ctime: now, cusec: now.getMilliseconds() * MICROSECONDS + ticks };
}

/** The instant of an authenticator, in milliseconds since 1970. */
export function instantOf({ ctime, cusec }: AuthenticatorTime): number {
  return ctime.getTime() + Math.floor(cusec / MICROSECONDS);
}
