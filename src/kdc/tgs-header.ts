import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import { ApReq, Authenticator } from '../messages/ap.ts';
import {
  KDC_ERR_PADATA_TYPE_NOSUPP,
  KDC_ERR_SUMTYPE_NOSUPP,
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADADDR,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_INAPP_CKSUM,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_REPEAT,
  KRB_AP_ERR_SKEW,
} from '../messages/error-codes.ts';
import { VALIDATE } from '../messages/flags.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import { KU_TGS_REQ_AUTHENTICATOR, KU_TGS_REQ_CKSUM, PA_TGS_REQ } from '../messages/numbers.ts';
import { sameName, toPrincipal } from '../messages/principal.ts';
import { toKey, unseal } from '../messages/seal.ts';
import type { Checksum, EncryptedData, PaData } from '../messages/types.ts';
import { mayComeFrom } from './addresses.ts';
import type { Exchange } from './exchange.ts';
import { checkValidated, checkValidity, type OpenedTicket, openTicket } from './open-ticket.ts';
import { refuse } from './refusal.ts';

/** What a TGS-REQ rests on: its ticket, and the keys that its sender shares with us. */
export interface TgsHeader extends OpenedTicket {
  readonly sessionKey: Key;
  /** The key of the sender's choice for the reply. */
  readonly subkey: Key | undefined;
}

/** Opens and verifies the PA-TGS-REQ of a request (RFC 4120 §3.3.2 and §3.2.3); throws `Refusal`. */
export function openHeader(
  exchange: Exchange,
  padata: readonly PaData[],
  { body, reqBody }: { readonly body: KdcReqBody; readonly reqBody: Uint8Array },
): TgsHeader {
  const sent = padata.find(({ padataType }) => padataType === PA_TGS_REQ);
  if (sent === undefined) refuse(KDC_ERR_PADATA_TYPE_NOSUPP, 'NO_TGS_PADATA');
  const apReq = ApReq.decode(sent.padataValue);
  const opened = openTicket(apReq.ticket, exchange.kdc.database);
  const { part } = opened;
  exchange.client = toPrincipal(part.cname, part.crealm);
  const sessionKey = toKey(part.key);
  const authenticator = openAuthenticator(apReq.authenticator, sessionKey);
  if (authenticator.crealm !== part.crealm || !sameName(authenticator.cname, part.cname)) {
    refuse(KRB_AP_ERR_BADMATCH, 'AUTHENTICATOR_MISMATCH');
  }
  if (!mayComeFrom(exchange.peer?.address, part.caddr)) refuse(KRB_AP_ERR_BADADDR, 'BAD_ADDRESS');
  if (Math.abs(authenticator.ctime.getTime() - exchange.now) > exchange.kdc.clockskew * 1000) {
    refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
  }
  checkBody(authenticator.cksum, sessionKey, reqBody);
  if (!exchange.kdc.replays.admit(apReq.authenticator, exchange.now)) {
    refuse(KRB_AP_ERR_REPEAT, 'REPLAYED_AUTHENTICATOR');
  }
  checkValidity(part, exchange);
  if (!(body.kdcOptions & VALIDATE)) checkValidated(part);
  return { ...opened, sessionKey, subkey: authenticator.subkey && toKey(authenticator.subkey) };
}

function openAuthenticator(sealed: EncryptedData, sessionKey: Key): Authenticator {
  try {
    return unseal(Authenticator, sealed, sessionKey, KU_TGS_REQ_AUTHENTICATOR);
  } catch (error) {
    if (error instanceof IntegrityError) refuse(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_AUTHENTICATOR');
    throw error;
  }
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
