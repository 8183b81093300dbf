import { KRB_ERR_FIELD_TOOLONG, KRB_ERR_RESPONSE_TOO_BIG } from '../../messages/error-codes.ts';
import { errorReply } from '../error-reply.ts';
import type { Responder } from '../kdc.ts';
import { Refusal } from '../refusal.ts';

/** The maximum size of a request in bytes, over any transport: an armor and two tickets with large PACs fit. */
export const MAX_REQUEST_BYTES = 1 << 17;

/**
 * The answer in place of a reply that does not fit into a datagram: the client tries again over TCP (RFC 4120 §7.2.1).
 */
export function responseTooBig(kdc: Responder): Uint8Array {
  return errorReply(new Refusal(KRB_ERR_RESPONSE_TOO_BIG, 'RESPONSE_TOO_BIG'), {
    now: kdc.now(),
    realm: kdc.realm,
  });
}

/** The answer to a length that is too large to be read (RFC 4120 §7.2.2). */
export function fieldTooLong(kdc: Responder): Uint8Array {
  return errorReply(new Refusal(KRB_ERR_FIELD_TOOLONG, 'FIELD_TOOLONG'), {
    now: kdc.now(),
    realm: kdc.realm,
  });
}
