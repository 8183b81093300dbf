import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { ApReq } from '../messages/ap.ts';
import { AD_FX_FAST_ARMOR, AD_FX_FAST_USED, AD_IF_RELEVANT } from '../messages/authorization.ts';
import {
  KDC_ERR_PADATA_TYPE_NOSUPP,
  KDC_ERR_POLICY,
  KDC_ERR_SUMTYPE_NOSUPP,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_REPEAT,
} from '../messages/error-codes.ts';
import { KU_TGS_REQ_AUTHENTICATOR, KU_TGS_REQ_CKSUM, PA_FX_FAST, PA_TGS_REQ } from '../messages/numbers.ts';
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

/** The ticket of a TGS-REQ, whose session key the sender knows. */
export interface TgsHeader extends OpenedTicket {
  /** The sender's subkey for the reply. */
  readonly subkey: Key | undefined;
  /** The DER of the AP-REQ. */
  readonly apReq: Uint8Array;
}

/**
 * Opens and verifies the PA-TGS-REQ of a request whose body is `reqBody` in DER (RFC 4120 §3.3.2 and §3.2.3). The
 * caller decides whether the ticket may be one that is still to be validated. Throws `Refusal`.
 */
export function openHeader(exchange: Exchange, padata: readonly PaData[], reqBody: Uint8Array): TgsHeader {
  const sent = padata.find(({ padataType }) => padataType === PA_TGS_REQ);
  if (sent === undefined) refuse(KDC_ERR_PADATA_TYPE_NOSUPP, 'NO_TGS_PADATA');
  const apReq = ApReq.decode(sent.padataValue);
  const opened = exchange.kdc.tickets.open(apReq.ticket);
  const { server, key, part, sessionKey } = opened;
  exchange.client = toPrincipal(part.cname, part.crealm);
  // Errors that a client can fix itself are reported before a wrong clock.
  checkValidity(part, exchange);
  const usage = KU_TGS_REQ_AUTHENTICATOR;
  const authenticator = openAuthenticator(exchange, apReq.authenticator, { part, sessionKey, usage });
  checkFastWords(fastWords(authenticator.authorizationData), padata);
  checkFastWords(fastWordsOf(part), padata);
  const isUnsigned = authenticator.cksum === undefined && acceptsUnsigned(exchange, opened);
  if (!isUnsigned) checkBody(authenticator.cksum, sessionKey, reqBody);
  if (!exchange.kdc.replays.admit(apReq.authenticator, exchange.now)) {
    refuse(KRB_AP_ERR_REPEAT, 'REPLAYED_AUTHENTICATOR');
  }
  const subkey = authenticator.subkey && toKey(authenticator.subkey);
  return { server, key, part, sessionKey, subkey, apReq: sent.padataValue };
}

/** What authorization data say about FAST, in containers or outside. */
interface FastWords {
  readonly armorOnly: boolean;
  readonly used: boolean;
}

/**
 * Refuses a ticket or an authenticator that is only for armor, and a request whose FAST armor has been removed on the
 * way (RFC 6113 §5.4).
 */
function checkFastWords({ armorOnly, used }: FastWords, padata: readonly PaData[]): void {
  if (armorOnly) refuse(KDC_ERR_POLICY, 'ARMOR_ONLY');
  if (used && !padata.some(({ padataType }) => padataType === PA_FX_FAST))
    refuse(KRB_AP_ERR_MODIFIED, 'FAST_TAKEN_OFF');
}

const NO_WORDS: FastWords = { armorOnly: false, used: false };

function fastWords(data: AuthorizationData | undefined): FastWords {
  if (data === undefined) return NO_WORDS;
  const holds = (type: number): boolean => data.some(element => contains(element, type));
  return { armorOnly: holds(AD_FX_FAST_ARMOR), used: holds(AD_FX_FAST_USED) };
}

/** Ticket-granting tickets are presented repeatedly; each is examined once. */
const ofTickets = new WeakMap<EncTicketPart, FastWords>();

function fastWordsOf(part: EncTicketPart): FastWords {
  const known = ofTickets.get(part);
  if (known !== undefined) return known;
  const found = fastWords(part.authorizationData);
  ofTickets.set(part, found);
  return found;
}

/** Nobody needs many containers within each other; what is deeper is taken for the worst. */
const MAX_DEPTH = 4;

function contains({ adType, adData }: AuthorizationDataElement, type: number, depth = 0): boolean {
  if (adType !== AD_IF_RELEVANT) return adType === type;
  return (
    depth >= MAX_DEPTH || AuthorizationData.decode(adData).some(inner => contains(inner, type, depth + 1))
  );
}

/** Some clients have never signed requests, and Active Directory serves them. */
function acceptsUnsigned({ kdc }: Exchange, { server }: OpenedTicket): boolean {
  return kdc.database.realm(server.principal.realm)?.acceptsUnsignedRequests === true;
}

/** CRC-32, plain hashes and checksums keyed with DES: known, but no proof of the body. */
const UNFIT_SUMS = [1, 2, 3, 4, 5, 6, 7, 8, 10, 14];

/** The checksum must be present, keyed and collision-proof, and match the body as received (RFC 4120 §3.3.2). */
function checkBody(sum: Checksum | undefined, key: Key, reqBody: Uint8Array): void {
  if (sum === undefined || UNFIT_SUMS.includes(sum.cksumtype))
    refuse(KRB_AP_ERR_INAPP_CKSUM, 'INAPPROPRIATE_CHECKSUM');
  if (sum.cksumtype !== key.profile.cksumtype) refuse(KDC_ERR_SUMTYPE_NOSUPP, 'UNKNOWN_CHECKSUM');
  if (!verifyChecksum(key, KU_TGS_REQ_CKSUM, reqBody, sum)) refuse(KRB_AP_ERR_MODIFIED, 'MODIFIED_BODY');
}
