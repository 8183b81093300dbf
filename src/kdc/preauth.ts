import { KDC_ERR_PREAUTH_FAILED, KDC_ERR_PREAUTH_REQUIRED } from '../messages/error-codes.ts';
import { PA_FX_FAST } from '../messages/numbers.ts';
import { MethodData } from '../messages/types.ts';
import { clientHints } from './client-hints.ts';
import { sealCookie } from './preauth/cookie.ts';
import { fastOffer } from './preauth/fast.ts';
import type { KdcPreauth, PreauthRequest, Proof } from './preauth/mechanism.ts';
import { Refusal } from './refusal.ts';

const NOTHING = new Uint8Array(0);
const NO_PROOF: Proof = { flags: 0 };

/** What verified padata grant, and their type. */
interface Earned {
  readonly proof: Proof;
  readonly provedBy: number | undefined;
}

/** Verifies the request's padata; throws `Refusal` if they are wrong, or missing although `required`. */
export function preauthenticate(request: PreauthRequest, required: boolean): Earned {
  for (const mechanism of mechanismsFor(request)) {
    // Only the first of each type is considered, which limits the cost of a request.
    const sent = request.padata.find(({ padataType }) => padataType === mechanism.padataType);
    if (sent === undefined) continue;
    const proof = mechanism.verify(sent.padataValue, request);
    if (proof === undefined) throw new Refusal(KDC_ERR_PREAUTH_FAILED, 'PREAUTH_FAILED', methodData(request));
    return { proof, provedBy: mechanism.padataType };
  }
  if (required || request.client.policy.otp !== undefined)
    throw new Refusal(KDC_ERR_PREAUTH_REQUIRED, 'NEEDED_PREAUTH', methodData(request));
  return { proof: NO_PROOF, provedBy: undefined };
}

/** A client that has a token must use it. */
function mechanismsFor({ exchange: { kdc }, client }: PreauthRequest): readonly KdcPreauth[] {
  return client.policy.otp === undefined ? kdc.mechanisms : kdc.mechanisms.filter(one => !one.byPassword);
}

/** The METHOD-DATA of an error: how the client derives its key, and the mechanisms that it may use. */
function methodData(request: PreauthRequest): Uint8Array {
  const { client, etypes, exchange } = request;
  const offers = mechanismsFor(request).flatMap(
    ({ padataType, offers }) => offers?.(request) ?? [{ padataType, padataValue: NOTHING }],
  );
  // Within FAST, a client takes a missing cookie for the end of the conversation (RFC 6113 §5.2).
  const cookies = exchange.fast === undefined ? [] : [sealCookie(PA_FX_FAST, NOTHING, request)];
  return MethodData.encode([...clientHints(client, etypes), fastOffer, ...offers, ...cookies]);
}
