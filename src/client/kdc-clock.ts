import type { KdcError } from '../messages/krb-error.ts';
import { type Exchange, shifted } from './options.ts';

/** A KDC that is further off than a year is not to be gone by; its word is nobody's yet. */
const FAR_OFF_MS = 366 * 86_400_000;
/** A clock that shows less has not been set: where the battery is empty, it begins in 1970, 2000 or the year it was made. */
const NEVER_SET_BEFORE = Date.UTC(2026, 0);
/** Caches cannot hold later times. */
const LAST_TIME = Date.UTC(2106, 0);
/** Below this, whole seconds and the way of the message are all that two clocks differ by. */
const SAME_TIME_MS = 1500;

/** Our clock, corrected by what a KDC's errors say of its own. */
export class KdcClock {
  private readonly exchange: Exchange;
  private offset = 0;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  now(): Date {
    return shifted(this.exchange.clock, this.offset);
  }

  /** Nobody vouches for the time in an error, so it goes only into what the KDC itself will judge. */
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
