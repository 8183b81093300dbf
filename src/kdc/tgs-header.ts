import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { ApReq } from '../messages/ap.ts';
import { AD_FX_FAST_ARMOR, AD_IF_RELEVANT } from '../messages/authorization.ts';
import {
  KDC_ERR_PADATA_TYPE_NOSUPP,
  KDC_ERR_POLICY,
  KDC_ERR_SUMTYPE_NOSUPP,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_REPEAT,
} from '../messages/error-codes.ts';
import { KU_TGS_REQ_AUTHENTICATOR, KU_TGS_REQ_CKSUM, PA_TGS_REQ } from '../messages/numbers.ts';
import { toPrincipal } from '../messages/principal.ts';
import { toKey } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import {
  AuthorizationData,
  type AuthorizationDataElement,
  type Checksum,
  type PaData,
} from '../messages/types.ts';
import type { Exchange } from './exchange.ts';
import { checkValidity, type OpenedTicket } from './open-ticket.ts';
import { openAuthenticator } from './presented.ts';
import { refuse } from './refusal.ts';

/** What a TGS-REQ rests on: its ticket, whose session key its sender shares with us. */
export interface TgsHeader extends OpenedTicket {
  /** The key of the sender's choice for the reply. */
  readonly subkey: Key | undefined;
  /** The DER of the AP-REQ. */
  readonly apReq: Uint8Array;
}

/**
 * Opens and verifies the PA-TGS-REQ of a request whose body is `reqBody` in DER (RFC 4120 §3.3.2 and §3.2.3). Whether
 * the ticket may be one that has yet to be validated is left to the caller. Throws `Refusal`.
 */
export function openHeader(exchange: Exchange, padata: readonly PaData[], reqBody: Uint8Array): TgsHeader {
  const sent = padata.find(({ padataType }) => padataType === PA_TGS_REQ);
  if (sent === undefined) refuse(KDC_ERR_PADATA_TYPE_NOSUPP, 'NO_TGS_PADATA');
  const apReq = ApReq.decode(sent.padataValue);
  const opened = exchange.kdc.tickets.open(apReq.ticket);
  const { server, key, part, sessionKey } = opened;
  exchange.client = toPrincipal(part.cname, part.crealm);
  // What a client can mend by itself is told before what is wrong with its clock.
  checkValidity(part, exchange);
  const usage = KU_TGS_REQ_AUTHENTICATOR;
  const authenticator = openAuthenticator(exchange, apReq.authenticator, { part, sessionKey, usage });
  refuseArmorOnly(authenticator.authorizationData);
  if (isArmorTicket(part)) refuseArmor();
  const isUnsigned = authenticator.cksum === undefined && acceptsUnsigned(exchange, opened);
  if (!isUnsigned) checkBody(authenticator.cksum, sessionKey, reqBody);
  if (!exchange.kdc.replays.admit(apReq.authenticator, exchange.now)) {
    refuse(KRB_AP_ERR_REPEAT, 'REPLAYED_AUTHENTICATOR');
  }
  const subkey = authenticator.subkey && toKey(authenticator.subkey);
  return { server, key, part, sessionKey, subkey, apReq: sent.padataValue };
}

/** What was made to be an armor must not get tickets, in whatever container it says so (RFC 6113 §5.4.1.1). */
function refuseArmorOnly(data: AuthorizationData | undefined): void {
  if (data?.some(element => isArmorOnly(element))) refuseArmor();
}

function refuseArmor(): never {
  refuse(KDC_ERR_POLICY, 'ARMOR_ONLY');
}

/** A ticket-granting ticket is presented again and again; it is looked through once. */
const armorTickets = new WeakMap<EncTicketPart, boolean>();

function isArmorTicket(part: EncTicketPart): boolean {
  const known = armorTickets.get(part);
  if (known !== undefined) return known;
  const found = part.authorizationData?.some(element => isArmorOnly(element)) ?? false;
  armorTickets.set(part, found);
  return found;
}

/** Nobody needs many containers within each other; what is deeper is taken for the worst. */
const MAX_DEPTH = 4;

function isArmorOnly({ adType, adData }: AuthorizationDataElement, depth = 0): boolean {
  if (adType !== AD_IF_RELEVANT) return adType === AD_FX_FAST_ARMOR;
  return depth >= MAX_DEPTH || AuthorizationData.decode(adData).some(inner => isArmorOnly(inner, depth + 1));
}

/** Some clients have never signed requests, and Active Directory serves them. */
function acceptsUnsigned({ kdc }: Exchange, { server }: OpenedTicket): boolean {
  return kdc.database.realm(server.principal.realm)?.acceptsUnsignedRequests === true;
}

/** CRC-32, the plain hashes, and what is keyed with DES: known, and no proof of the body. */
const UNFIT_SUMS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 14];

/** The checksum must be there, keyed and collision-proof, and be that of the body as received (RFC 4120 §3.3.2). */
function checkBody(sum: Checksum | undefined, key: Key, reqBody: Uint8Array): void {
  if (sum === undefined || UNFIT_SUMS.includes(sum.cksumtype))
    refuse(KRB_AP_ERR_INAPP_CKSUM, 'INAPPROPRIATE_CHECKSUM');
  if (sum.cksumtype !== key.profile.cksumtype) refuse(KDC_ERR_SUMTYPE_NOSUPP, 'UNKNOWN_CHECKSUM');
  if (!verifyChecksum(key, KU_TGS_REQ_CKSUM, reqBody, sum)) refuse(KRB_AP_ERR_MODIFIED, 'MODIFIED_BODY');
}
