import { KDC_ERR_PREAUTH_EXPIRED, KDC_ERR_PREAUTH_FAILED } from '../../../messages/error-codes.ts';
import { KU_AS_FRESHNESS } from '../../../messages/numbers.ts';
import { KerberosTime } from '../../../messages/types.ts';
import { wholeSeconds } from '../../exchange.ts';
import { refuse } from '../../refusal.ts';
import type { PreauthRequest } from '../mechanism.ts';
import { openForRealm, sealForRealm } from '../realm-seal.ts';

/** The token of RFC 8070 for a client, which contains the time. */
export function freshnessToken(request: PreauthRequest): Uint8Array {
  return sealForRealm(KerberosTime, new Date(wholeSeconds(request.exchange)), KU_AS_FRESHNESS, request);
}

/** Throws `Refusal` for a token that no KDC of the realm has made, or that is older than the clock skew. */
export function checkFreshness(token: Uint8Array, request: PreauthRequest): void {
  const opened = openForRealm(KerberosTime, token, KU_AS_FRESHNESS, request);
  if (opened === undefined) refuseStale();
  const { kdc, now } = request.exchange;
  if (Math.abs(now - opened.value.getTime()) > kdc.clockskew * 1000) {
    refuse(KDC_ERR_PREAUTH_EXPIRED, 'FRESHNESS_EXPIRED');
  }
}

/** Throws the `Refusal` of a request without a valid token. */
export function refuseStale(): never {
  refuse(KDC_ERR_PREAUTH_FAILED, 'NO_FRESHNESS_TOKEN');
}
