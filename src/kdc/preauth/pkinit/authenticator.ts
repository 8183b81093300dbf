import { createHash } from 'node:crypto';
import {
  KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED,
  KRB_AP_ERR_MODIFIED,
  KRB_AP_ERR_SKEW,
} from '../../../messages/error-codes.ts';
import type { AuthPack } from '../../../messages/pkinit.ts';
import { digestName } from '../../../preauth/pkinit/algorithms.ts';
import { refuse } from '../../refusal.ts';
import type { PreauthRequest } from '../mechanism.ts';
import { checkFreshness, refuseStale } from './freshness.ts';

interface AuthenticatorOptions {
  /** Whether a request without a freshness token is refused. */
  readonly requireFreshness: boolean;
}

/** Throws `Refusal` for an authenticator that is not of now, or not of this request (RFC 4556 §3.2.3, RFC 8070). */
export function checkAuthenticator(
  authenticator: AuthPack['pkAuthenticator'],
  request: PreauthRequest,
  { requireFreshness }: AuthenticatorOptions,
): void {
  const { exchange, reqBody } = request;
  const { clockskew } = exchange.kdc;
  if (Math.abs(authenticator.ctime.getTime() - exchange.now) > clockskew * 1000) {
    refuse(KRB_AP_ERR_SKEW, 'CLOCK_SKEW');
  }
  const { paChecksum, paChecksum2, freshnessToken } = authenticator;
  if (paChecksum === undefined) refuse(KDC_ERR_PA_CHECKSUM_MUST_BE_INCLUDED, 'NO_CHECKSUM');
  const digest = paChecksum2 && digestName(paChecksum2.algorithmIdentifier.algorithm);
  const matches =
    isDigest('sha1', reqBody, paChecksum) &&
    (paChecksum2 === undefined || (digest !== undefined && isDigest(digest, reqBody, paChecksum2.checksum)));
  if (!matches) refuse(KRB_AP_ERR_MODIFIED, 'CHECKSUM_OF_ANOTHER_REQUEST');
  if (freshnessToken !== undefined) checkFreshness(freshnessToken, request);
  else if (requireFreshness) refuseStale();
}

function isDigest(name: string, bytes: Uint8Array, sum: Uint8Array): boolean {
  return Buffer.compare(createHash(name).update(bytes).digest(), sum) === 0;
}
