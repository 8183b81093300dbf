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
import type { HostAddress } from '../messages/types.ts';

/** What a client wishes of a new ticket; the KDC's policy decides. */
export interface TicketWishes {
  /** Seconds; a day if not given. */
  readonly lifetime?: number | undefined;
  /** Seconds the ticket may be renewed for; not renewable if not given or 0. */
  readonly renewLifetime?: number | undefined;
  /** When a postdated ticket shall become valid; now if not given. */
  readonly starttime?: Date | undefined;
  readonly forwardable?: boolean | undefined;
  readonly proxiable?: boolean | undefined;
  /** Addresses the ticket is bound to; none if not given. */
  readonly addresses?: readonly HostAddress[] | undefined;
  /** Lets the KDC answer with other names than those asked for (RFC 6806). */
  readonly canonicalize?: boolean | undefined;
  /** A ticket that does not tell who the client is (RFC 8062). */
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

/** The body of an AS-REQ (RFC 4120 §5.4.1). A renewable ticket is welcome where the lifetime wished for is too long. */
export function asRequestBody(wishes: TicketWishes, facts: AsRequestFacts): KdcReqBody {
  const start = wishes.starttime ?? facts.now;
  // What is to start in the past starts at once, and ends as if it had started then.
  const from = start > facts.now ? start : undefined;
  const lifetime = wishes.lifetime ?? DAY;
  const renewLifetime = wishes.renewLifetime ?? 0;
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
    // As MIT's library has it, no ticket is to be renewable for less than it lives.
    rtime: renewLifetime > 0 ? after(start, Math.max(lifetime, renewLifetime)) : undefined,
    nonce: facts.nonce,
    etype: facts.enctypes,
    addresses: wishes.addresses?.length ? wishes.addresses : undefined,
  };
}

function after(start: Date, seconds: number): Date {
  return new Date(Math.floor(start.getTime() / 1000 + seconds) * 1000);
}
