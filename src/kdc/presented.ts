import type { Key } from '../crypto/key.ts';
import { IntegrityError } from '../errors.ts';
import { Authenticator } from '../messages/ap.ts';
import {
  KRB_AP_ERR_BAD_INTEGRITY,
  KRB_AP_ERR_BADADDR,
  KRB_AP_ERR_BADMATCH,
  KRB_AP_ERR_SKEW,
} from '../messages/error-codes.ts';
import { sameName } from '../messages/principal.ts';
import { unseal } from '../messages/seal.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import type { EncryptedData } from '../messages/types.ts';
import { mayComeFrom } from './addresses.ts';
import type { Exchange } from './exchange.ts';
import { refuse } from './refusal.ts';

interface Presented {
  readonly part: EncTicketPart;
  readonly sessionKey: Key;
  /** The key usage of the authenticator. */
  readonly usage: number;
}

/** Opens the authenticator of a presented ticket, and checks that the two belong together (RFC 4120 §3.2.3). */
export function openAuthenticator(
  { kdc, now, peer }: Exchange,
  sealed: EncryptedData,
  { part, sessionKey, usage }: Presented,
): Authenticator {
  const authenticator = open(sealed, sessionKey, usage);
  if (authenticator.crealm !== part.crealm || !sameName(authenticator.cname, part.cname)) {
    refuse(KRB_AP_ERR_BADMATCH, 'AUTHENTICATOR_MISMATCH');
  }
  if (!mayComeFrom(peer?.address, part.caddr)) refuse(KRB_AP_ERR_BADADDR, 'BAD_ADDRESS');
  if (Math.abs(authenticator.ctime.getTime() - now) > kdc.clockskew * 1000) {
    refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
  }
  return authenticator;
}

function open(sealed: EncryptedData, sessionKey: Key, usage: number): Authenticator {
  try {
    return unseal(Authenticator, sealed, sessionKey, usage);
  } catch (error) {
    if (error instanceof IntegrityError) refuse(KRB_AP_ERR_BAD_INTEGRITY, 'BAD_AUTHENTICATOR');
    throw error;
  }
}
