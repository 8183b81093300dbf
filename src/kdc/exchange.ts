import type { KdcReqBody } from '../messages/kdc-req.ts';
import type { Principal } from '../messages/principal.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import type { Logins } from './lockout.ts';
import type { TicketOpener } from './open-ticket.ts';
import type { KdcFast } from './preauth/fast.ts';
import type { KdcPreauth } from './preauth/mechanism.ts';
import type { ReplayTable } from './replays.ts';
import type { Behalf } from './s4u.ts';

/** Where a request came from. */
export interface Peer {
  /** An IP address in text. */
  readonly address: string;
  readonly port?: number | undefined;
  /** The local address that received the request, in text. */
  readonly local?: string | undefined;
  readonly transport: 'udp' | 'tcp';
}

/** What every exchange of one KDC shares. */
export interface KdcState {
  readonly database: PrincipalDatabase;
  /** The mechanisms that are offered to clients, the preferred first. */
  readonly mechanisms: readonly KdcPreauth[];
  /** Seconds by which a client's clock may differ. */
  readonly clockskew: number;
  readonly replays: ReplayTable;
  readonly tickets: TicketOpener;
  readonly logins: Logins;
}

/** What the log states about a ticket: the enctypes of the reply, the ticket and the session key. */
interface Issued {
  readonly authtime: Date;
  readonly reply: number;
  readonly ticket: number;
  readonly session: number;
}

/** A request being processed; what is learned about it is kept for the refusal and for the log. */
export interface Exchange {
  readonly kdc: KdcState;
  /** The whole request, as received. */
  readonly request: Uint8Array;
  /** The time of the exchange in milliseconds. */
  readonly now: number;
  readonly peer: Peer | undefined;
  body?: KdcReqBody;
  client?: Principal;
  /** The principal that must authenticate, once it is known to be allowed to. */
  account?: PrincipalEntry;
  issued?: Issued;
  /** The user in whose name the client asks, if not in its own. */
  behalf?: Pick<Behalf, 'subject' | 'evidence'>;
  /** The armor of the request, once it has been opened; it protects the reply, too. */
  fast?: KdcFast;
}

/** The time of an exchange in whole seconds, as in tickets. */
export function wholeSeconds({ now }: Exchange): number {
  return now - (now % 1000);
}
