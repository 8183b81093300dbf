import { KDC_ERR_PREAUTH_FAILED, KDC_ERR_PREAUTH_REQUIRED } from '../messages/error-codes.ts';
import { MethodData, type PaData } from '../messages/types.ts';
import { clientHints } from './client-hints.ts';
import { encryptedTimestamp } from './encrypted-timestamp.ts';
import type { KdcPreauth, PreauthRequest } from './preauth-mechanism.ts';
import { Refusal } from './refusal.ts';

const mechanisms: readonly KdcPreauth[] = [encryptedTimestamp];
const NOTHING = new Uint8Array(0);

/** The ticket flags that the request's padata earns; throws `Refusal` where it fails or is required and missing. */
export function preauthenticate(
  padata: readonly PaData[],
  required: boolean,
  request: PreauthRequest,
): number {
  for (const mechanism of mechanisms) {
    // Only the first of each type is looked at: what a request costs is bounded.
    const sent = padata.find(({ padataType }) => padataType === mechanism.padataType);
    if (sent === undefined) continue;
    const flags = mechanism.verify(sent.padataValue, request);
    if (flags === undefined) throw new Refusal(KDC_ERR_PREAUTH_FAILED, 'PREAUTH_FAILED', methodData(request));
    return flags;
  }
  if (required) throw new Refusal(KDC_ERR_PREAUTH_REQUIRED, 'NEEDED_PREAUTH', methodData(request));
  return 0;
}

/** The METHOD-DATA of an error: how the client makes its key, and what it may pre-authenticate with. */
function methodData({ client, etypes }: PreauthRequest): Uint8Array {
  const offers = mechanisms.map(({ padataType }) => ({ padataType, padataValue: NOTHING }));
  return MethodData.encode([...clientHints(client, etypes), ...offers]);
}
