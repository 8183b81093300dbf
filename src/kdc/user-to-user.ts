import type { Key } from '../crypto/key.ts';
import { KDC_ERR_BADOPTION, KDC_ERR_ETYPE_NOSUPP, KDC_ERR_POLICY } from '../messages/error-codes.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { type Principal, samePrincipal, tgsPrincipal, toPrincipal } from '../messages/principal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { Exchange } from './exchange.ts';
import { checkValidated, checkValidity } from './open-ticket.ts';
import { refuse } from './refusal.ts';

/** The other user of a user-to-user ticket, and the session key of that user's ticket-granting ticket. */
export interface SecondTicket {
  readonly client: Principal;
  readonly part: EncTicketPart;
  readonly key: Key;
}

/** Opens the ticket that ENC-TKT-IN-SKEY refers to (RFC 4120 §3.7.1, §3.3.3); throws `Refusal`. */
export function openSecondTicket(
  exchange: Exchange,
  body: KdcReqBody,
  etypes: readonly number[],
): SecondTicket {
  const bytes = body.additionalTickets?.[0];
  if (bytes === undefined) refuse(KDC_ERR_BADOPTION, '2ND_TKT_MISSING');
  const { server, part, sessionKey: key } = exchange.kdc.tickets.open(bytes);
  if (!samePrincipal(server.principal, tgsPrincipal(body.realm))) refuse(KDC_ERR_POLICY, '2ND_TKT_NOT_TGS');
  checkValidity(part, exchange);
  checkValidated(part);
  if (!etypes.includes(key.etype)) refuse(KDC_ERR_ETYPE_NOSUPP, 'BAD_ETYPE_IN_2ND_TKT');
  return { client: toPrincipal(part.cname, part.crealm), part, key };
}
