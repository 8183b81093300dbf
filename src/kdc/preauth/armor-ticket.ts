import type { Key } from '../../crypto/key.ts';
import { ApReq } from '../../messages/ap.ts';
import { KDC_ERR_POLICY } from '../../messages/error-codes.ts';
import type { KrbFastArmor } from '../../messages/fast.ts';
import { FX_FAST_ARMOR_AP_REQUEST, KU_AP_REQ_AUTHENTICATOR } from '../../messages/numbers.ts';
import { samePrincipal, tgsPrincipal } from '../../messages/principal.ts';
import { toKey } from '../../messages/seal.ts';
import { ticketArmorKey } from '../../preauth/fast-keys.ts';
import type { Exchange } from '../exchange.ts';
import { checkValidated, checkValidity } from '../open-ticket.ts';
import { openAuthenticator } from '../presented.ts';
import { refuse } from '../refusal.ts';
import { refuseArmor } from './fast.ts';

/**
 * The armor key of an AS-REQ, from the ticket-granting ticket that its sender presents, and the realm of that ticket
 * (RFC 6113 §5.4.1.1). The same ticket and authenticator are sent with all requests of a conversation, so that a
 * repeated authenticator is not a replay. Throws `Refusal`.
 */
export function openArmorTicket(
  exchange: Exchange,
  armor: KrbFastArmor | undefined,
): { readonly key: Key; readonly realm: string } {
  if (armor?.armorType !== FX_FAST_ARMOR_AP_REQUEST) refuseArmor();
  const apReq = ApReq.decode(armor.armorValue);
  const { part, server, sessionKey } = exchange.kdc.tickets.open(apReq.ticket);
  const { realm } = server.principal;
  if (!samePrincipal(server.principal, tgsPrincipal(realm))) refuse(KDC_ERR_POLICY, 'ARMOR_TICKET_NOT_A_TGT');
  const usage = KU_AP_REQ_AUTHENTICATOR;
  const { subkey } = openAuthenticator(exchange, apReq.authenticator, { part, sessionKey, usage });
  checkValidity(part, exchange);
  checkValidated(part);
  if (subkey === undefined) refuseArmor();
  return { key: ticketArmorKey(toKey(subkey), sessionKey), realm };
}
