import { KDC_ERR_CANNOT_POSTDATE, KDC_ERR_NEVER_VALID } from '../messages/error-codes.ts';
import { POSTDATED, RENEWABLE, RENEWABLE_OK } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { refuse } from './refusal.ts';

/** The latest KerberosTime, and what "as late as possible" means. All times here are in milliseconds. */
export const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59);

/** The limits for the times of a new ticket. */
interface TimeLimits {
  /** Now, in whole seconds. */
  readonly now: number;
  readonly clockskew: number;
  /** Seconds from the ticket's start. */
  readonly maxLife: number;
  readonly maxRenewableLife: number;
  /** The end of the ticket that this one is derived from. */
  readonly latestEnd: number;
  /** The end of that ticket's renewable life; undefined if renewable tickets are not allowed. */
  readonly latestRenewTill: number | undefined;
}

interface TicketTimes {
  readonly starttime: Date;
  readonly endtime: Date;
  /** Present if and only if the ticket is renewable. */
  readonly renewTill: Date | undefined;
}

/** The times of a new ticket (RFC 4120 §3.1.3 and §3.3.3); throws `Refusal` CANNOT_POSTDATE or NEVER_VALID. */
export function ticketTimes(body: KdcReqBody, limits: TimeLimits): TicketTimes {
  const start = startTime(body, limits);
  const till = timeOrLatest(body.till);
  const end = Math.min(till, start + limits.maxLife * 1000, limits.latestEnd);
  if (end <= Math.max(start, limits.now)) refuse(KDC_ERR_NEVER_VALID, 'NEVER_VALID');
  const renewTill = renewalEnd(body, till > end ? till : undefined, start, limits);
  return {
    starttime: new Date(start),
    endtime: new Date(end),
    // A renewable life that ends with the ticket would be of no use.
    renewTill: renewTill !== undefined && renewTill > end ? new Date(renewTill) : undefined,
  };
}

function startTime({ from, kdcOptions }: KdcReqBody, { now, clockskew }: TimeLimits): number {
  if (from === undefined) return now;
  if (kdcOptions & POSTDATED) return from.getTime();
  if (from.getTime() > now + clockskew * 1000) refuse(KDC_ERR_CANNOT_POSTDATE, 'CANNOT_POSTDATE');
  return now;
}

/** `unmet` is the requested end if it is not granted: RENEWABLE-OK makes up for it. */
function renewalEnd(
  body: KdcReqBody,
  unmet: number | undefined,
  start: number,
  limits: TimeLimits,
): number | undefined {
  if (limits.latestRenewTill === undefined) return undefined;
  const asked =
    body.kdcOptions & RENEWABLE
      ? timeOrLatest(body.rtime)
      : body.kdcOptions & RENEWABLE_OK
        ? unmet
        : undefined;
  if (asked === undefined) return undefined;
  return Math.min(asked, start + limits.maxRenewableLife * 1000, limits.latestRenewTill);
}

/** The epoch stands for "as late as possible" (RFC 4120 §3.1.3). */
function timeOrLatest(time: Date | undefined): number {
  return time?.getTime() || LATEST;
}
