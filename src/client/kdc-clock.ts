import type { KdcError } from '../messages/krb-error.ts';
import { type Exchange, shifted } from './options.ts';

/** A KDC's clock that differs by more than a year is not followed: so far, nothing authenticates it. */
const FAR_OFF_MS = 366 * 86_400_000;
/**
 * A clock that shows less has not been set: with an empty battery, it starts in 1970, 2000 or the year of manufacture.
 */
const NEVER_SET_BEFORE = Date.UTC(2026, 0);
/** Caches cannot hold later times. */
const LAST_TIME = Date.UTC(2106, 0);
/** Up to this, the difference may be due to whole seconds and the time that the message took. */
const SAME_TIME_MS = 1500;

/** Our clock, corrected by the time in a KDC's errors. */
export class KdcClock {
  private readonly exchange: Exchange;
  private offset = 0;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  now(): Date {
    return shifted(this.exchange.clock, this.offset);
  }

  /** Nothing authenticates the time in an error, so it is used only for what the KDC itself will check. */
  learn({ reply }: KdcError): void {
    const { clock, trace } = this.exchange;
    const [ours, theirs] = [clock().getTime(), reply.stime.getTime() + Math.floor(reply.susec / 1000)];
    const offset = theirs - ours;
    const apart = Math.abs(offset);
    const mayBeFar = ours < NEVER_SET_BEFORE && theirs < LAST_TIME;
    this.offset = apart < SAME_TIME_MS || (apart > FAR_OFF_MS && !mayBeFar) ? 0 : offset;
    if (this.offset !== 0) {
      trace(`The KDC's clock differs from ours by ${Math.round(offset / 1000)} s`, { kind: 'clock', offset });
    }
  }
}
