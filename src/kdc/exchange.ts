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
  /** The address that the request was sent to, in text. */
  readonly local?: string | undefined;
  readonly transport: 'udp' | 'tcp';
}

/** What every exchange of one KDC shares. */
export interface KdcState {
  readonly database: PrincipalDatabase;
  /** The mechanisms that are offered to clients, best first. */
  readonly mechanisms: readonly KdcPreauth[];
  /** Seconds that a client's clock may differ. */
  readonly clockskew: number;
  readonly replays: ReplayTable;
  readonly tickets: TicketOpener;
  readonly logins: Logins;
}

/** What the log tells of a ticket: the enctypes of the reply, the ticket and the session key. */
export interface Issued {
  readonly authtime: Date;
  readonly reply: number;
  readonly ticket: number;
  readonly session: number;
}

/** One request on its way; what is learned of it on the way is for the refusal and for the log. */
export interface Exchange {
  readonly kdc: KdcState;
  /** The whole request as received. */
  readonly request: Uint8Array;
  /** The time of the exchange in milliseconds. */
  readonly now: number;
  readonly peer: Peer | undefined;
  body?: KdcReqBody;
  client?: Principal;
  /** Who has to prove who it is, once it may try. */
  account?: PrincipalEntry;
  issued?: Issued;
  /** In whose name the client asks, if not in its own. */
  behalf?: Pick<Behalf, 'subject' | 'evidence'>;
  /** The armor of the request, once it has been opened; the reply goes into it, too. */
  fast?: KdcFast;
}

/** The time of an exchange in whole seconds, as tickets have it. */
export function wholeSeconds({ now }: Exchange): number {
  return now - (now % 1000);
}
