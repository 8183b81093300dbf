import type { Authenticator } from '../messages/ap.ts';
import {
  KRB_AP_ERR_BADADDR,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_SKEW,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
  KRB_AP_PATH_NOT_ACCEPTED,
} from '../messages/error-codes.ts';
import { INVALID, TRANSITED_POLICY_CHECKED } from '../messages/flags.ts';
import { sameAddress } from '../messages/host-address.ts';
import { type Principal, sameName } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { HostAddress } from '../messages/types.ts';
import { ApError } from './ap-error.ts';
import { instantOf } from './authenticator-time.ts';

/** The time at which a request is checked, and the seconds by which clocks may differ. */
export interface Moment {
  readonly now: Date;
  readonly clockskew: number;
}

// The checks of RFC 4120 §3.2.3 on a request both of whose sealed parts are open.

export function checkClient(ticket: EncTicketPart, authenticator: Authenticator): void {
  if (ticket.crealm !== authenticator.crealm || !sameName(ticket.cname, authenticator.cname)) {
    throw new ApError(KRB_AP_ERR_BADMATCH);
  }
}

export function checkAddress(ticket: EncTicketPart, address: HostAddress | undefined): void {
  const { caddr = [] } = ticket;
  if (address === undefined || caddr.length === 0) return;
  if (!caddr.some(bound => sameAddress(bound, address))) throw new ApError(KRB_AP_ERR_BADADDR);
}

export function checkSkew(authenticator: Authenticator, { now, clockskew }: Moment): void {
  const difference = Math.abs(instantOf(authenticator) - now.getTime());
  if (difference > clockskew * 1000) {
    throw new ApError(KRB_AP_ERR_SKEW, `the clocks differ by ${Math.round(difference / 1000)} s`);
  }
}

export function checkTicketTimes(ticket: EncTicketPart, { now, clockskew }: Moment): void {
  const start = ticket.starttime ?? ticket.authtime;
  if (start.getTime() - now.getTime() > clockskew * 1000 || ticket.flags & INVALID) {
    throw new ApError(KRB_AP_ERR_TKT_NYV);
  }
  if (now.getTime() - ticket.endtime.getTime() > clockskew * 1000) throw new ApError(KRB_AP_ERR_TKT_EXPIRED);
}

/** A path through intermediate realms is accepted only if the service's own KDC has checked it (RFC 4120 §2.7). */
export function checkTransited(ticket: EncTicketPart, server: Principal): void {
  if (ticket.crealm === server.realm || ticket.transited.contents.length === 0) return;
  if (!(ticket.flags & TRANSITED_POLICY_CHECKED)) throw new ApError(KRB_AP_PATH_NOT_ACCEPTED);
}
