import { IntegrityError } from '../errors.ts';
import {
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADKEYVER,
  KRB_AP_ERR_NOKEY,
  KRB_AP_ERR_NOT_US,
  KRB_AP_ERR_TKT_EXPIRED,
  KRB_AP_ERR_TKT_NYV,
} from '../messages/error-codes.ts';
import { INVALID } from '../messages/flags.ts';
import { KU_TICKET } from '../messages/numbers.ts';
import { unseal } from '../messages/seal.ts';
import { EncTicketPart, Ticket } from '../messages/ticket.ts';
import type { PrincipalDatabase, PrincipalEntry } from './database.ts';
import type { Exchange } from './exchange.ts';
import { refuse } from './refusal.ts';

/** A ticket of this KDC's with what it holds. */
export interface OpenedTicket {
  readonly server: PrincipalEntry;
  readonly part: EncTicketPart;
}

/** Opens a ticket with the key of the service it is for (RFC 4120 §3.3.2); throws `Refusal`. */
export function openTicket(bytes: Uint8Array, database: PrincipalDatabase): OpenedTicket {
  const { realm, sname, encPart } = Ticket.decode(bytes);
  const server = database.find(sname.nameString, realm);
  // A ticket that another realm issued has crossed a border, of which this KDC keeps no account.
  if (server === undefined || database.realm(realm) === undefined)
    refuse(KRB_AP_ERR_NOT_US, 'TICKET_NOT_OURS');
  const version =
    encPart.kvno === undefined ? server.keys[0] : server.keys.find(({ kvno }) => kvno === encPart.kvno);
  if (version === undefined) refuse(KRB_AP_ERR_BADKEYVER, 'BAD_KEY_VERSION');
  const key = version.key(encPart.etype);
  if (key === undefined) refuse(KRB_AP_ERR_NOKEY, 'NO_SUCH_KEY');
  try {
    return { server, part: unseal(EncTicketPart, encPart, key, KU_TICKET) };
  } catch (error) {
    if (error instanceof IntegrityError) refuse(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_TICKET');
    throw error;
  }
}

/** Refuses a ticket that is not valid now, but for its INVALID flag. */
export function checkValidity({ starttime, authtime, endtime }: EncTicketPart, { now, kdc }: Exchange): void {
  if ((starttime ?? authtime).getTime() > now + kdc.clockskew * 1000) {
    refuse(KRB_AP_ERR_TKT_NYV, 'TICKET_NOT_YET_VALID');
  }
  if (endtime.getTime() <= now) refuse(KRB_AP_ERR_TKT_EXPIRED, 'TICKET_EXPIRED');
}

/** Refuses a postdated ticket that has not been validated. */
export function checkValidated({ flags }: EncTicketPart): void {
  if (flags & INVALID) refuse(KRB_AP_ERR_TKT_NYV, 'TICKET_NOT_VALIDATED');
}
