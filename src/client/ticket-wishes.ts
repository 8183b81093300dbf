import {
  ALLOW_POSTDATE,
  CANONICALIZE,
  FORWARDABLE,
  POSTDATED,
  PROXIABLE,
  RENEWABLE,
  RENEWABLE_OK,
  REQUEST_ANONYMOUS,
} from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { type Principal, toPrincipalName } from '../messages/principal.ts';
import { secondsOf } from '../messages/seconds.ts';
import type { HostAddress } from '../messages/types.ts';

/** What a client asks for in a new ticket; the KDC's policy decides. */
export interface TicketWishes {
  /** Seconds; a day if not given. */
  readonly lifetime?: number | undefined;
  /** Seconds for which the ticket can be renewed; not renewable if not given or 0. */
  readonly renewLifetime?: number | undefined;
  /** When a postdated ticket becomes valid; now if not given. */
  readonly starttime?: Date | undefined;
  readonly forwardable?: boolean | undefined;
  readonly proxiable?: boolean | undefined;
  /** Addresses the ticket is bound to; none if not given. */
  readonly addresses?: readonly HostAddress[] | undefined;
  /** Whether the KDC may answer with other names than those asked for (RFC 6806). */
  readonly canonicalize?: boolean | undefined;
  /** Whether to ask for a ticket that does not name the client (RFC 8062). */
  readonly anonymous?: boolean | undefined;
}

const DAY = 86_400;

interface AsRequestFacts {
  readonly client: Principal;
  readonly server: Principal;
  readonly enctypes: readonly number[];
  readonly now: Date;
  readonly nonce: number;
}

/**
 * The body of an AS-REQ (RFC 4120 §5.4.1). If the requested lifetime is too long, a renewable ticket is accepted
 * instead.
 */
export function asRequestBody(wishes: TicketWishes, facts: AsRequestFacts): KdcReqBody {
  const start = wishes.starttime ?? facts.now;
  // A start in the past means now; the end stays where it would have been.
  const from = start > facts.now ? start : undefined;
  const lifetime = secondsOf('lifetime', wishes.lifetime, DAY);
  const renewLifetime = secondsOf('renewLifetime', wishes.renewLifetime, 0);
  const options =
    RENEWABLE_OK |
    (wishes.forwardable ? FORWARDABLE : 0) |
    (wishes.proxiable ? PROXIABLE : 0) |
    (renewLifetime > 0 ? RENEWABLE : 0) |
    (wishes.canonicalize ? CANONICALIZE : 0) |
    (wishes.anonymous ? REQUEST_ANONYMOUS : 0) |
    (from ? ALLOW_POSTDATE | POSTDATED : 0);
  return {
    kdcOptions: options >>> 0,
    cname: toPrincipalName(facts.client),
    realm: facts.client.realm,
    sname: toPrincipalName(facts.server),
    from,
    till: after(start, lifetime),
    // As in MIT's library, a ticket is never renewable for less than its lifetime.
    rtime: renewLifetime > 0 ? after(start, Math.max(lifetime, renewLifetime)) : undefined,
    nonce: facts.nonce,
    etype: facts.enctypes,
    addresses: wishes.addresses?.length ? wishes.addresses : undefined,
  };
}

function after(start: Date, seconds: number): Date {
  return new Date(Math.floor(start.getTime() / 1000 + seconds) * 1000);
}
