import { randomUint32 } from '../crypto/random.ts';

/** The two fields with the time of an authenticator. */
export interface AuthenticatorTime {
  readonly ctime: Date;
  readonly cusec: number;
}

const MICROSECONDS = 1000;
let ticks: number | undefined;

/**
 * The time for an authenticator: milliseconds from the clock, and a running count below them, so that no two of the
 * same millisecond are equal (RFC 4120 §3.2.3) unless there are more than a thousand. The count starts at random, since
 * two processes may share a clock and a ticket.
 */
export function authenticatorTime(now: Date): AuthenticatorTime {
  ticks = ((ticks ?? randomUint32()) + 1) % MICROSECONDS;
  return { ctime: now, cusec: now.getMilliseconds() * MICROSECONDS + ticks };
}

/** The time of an authenticator, in milliseconds since 1970. */
export function instantOf({ ctime, cusec }: AuthenticatorTime): number {
  return ctime.getTime() + Math.floor(cusec / MICROSECONDS);
}
