import { verifyChecksum } from '../crypto/checksum.ts';
import type { Key } from '../crypto/key.ts';
import {
  AD_AUTHENTICATION_INDICATOR,
  AD_CAMMAC,
  AD_IF_RELEVANT,
  AdCammac,
  AuthenticationIndicators,
  KU_CAMMAC,
} from '../messages/authorization.ts';
import { KDC_ERR_POLICY } from '../messages/error-codes.ts';
import {
  PA_ENC_TIMESTAMP,
  PA_ENCRYPTED_CHALLENGE,
  PA_OTP_REQUEST,
  PA_PK_AS_REQ,
  PA_SPAKE,
} from '../messages/numbers.ts';
import type { EncTicketPart } from '../messages/ticket.ts';
import { encodeTicketFields, encodeTicketPart } from '../messages/ticket-part.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../messages/types.ts';
import type { PrincipalDatabase } from './database.ts';
import { type KdcKey, kdcKeysOf } from './kdc-keys.ts';
import type { IndicatorPolicy, PrincipalPolicy, RealmPolicy } from './policy.ts';
import { refuse } from './refusal.ts';

const MECHANISMS: ReadonlyMap<number, keyof IndicatorPolicy> = new Map([
  [PA_PK_AS_REQ, 'pkinit'],
  [PA_SPAKE, 'spake'],
  [PA_OTP_REQUEST, 'otp'],
  [PA_ENCRYPTED_CHALLENGE, 'encryptedChallenge'],
  [PA_ENC_TIMESTAMP, 'encryptedTimestamp'],
]);

/** The indicators that a realm assigns to clients which pre-authenticate by the mechanism of a padata type. */
export function earnedIndicators(
  { indicators }: RealmPolicy,
  padataType: number | undefined,
): readonly string[] {
  const mechanism = padataType === undefined ? undefined : MECHANISMS.get(padataType);
  return (mechanism && indicators?.[mechanism]) ?? [];
}

/** Refuses tickets for a service to clients that have none of the indicators it requires. */
export function checkIndicators(
  { requiresIndicators }: PrincipalPolicy,
  indicators: readonly string[],
): void {
  if (requiresIndicators === undefined || requiresIndicators.length === 0) return;
  if (!requiresIndicators.some(required => indicators.includes(required)))
    refuse(KDC_ERR_POLICY, 'HIGHER_AUTHENTICATION_REQUIRED');
}

interface IndicatorSigning {
  /** The key of the ticket. */
  readonly key: Key;
  readonly kdc: KdcKey;
  /** The fields of the ticket in DER. */
  readonly fields: Uint8Array;
}

/**
 * Authentication indicators (RFC 8129) in one element, signed by the KDC for itself and for the service. The KDC's
 * verifier covers the ticket with these elements as its authorization data (RFC 7751 §3).
 */
export function signIndicators(
  indicators: readonly string[],
  { key, kdc, fields }: IndicatorSigning,
): AuthorizationDataElement {
  const elements = [
    { adType: AD_AUTHENTICATION_INDICATOR, adData: AuthenticationIndicators.encode(indicators) },
  ];
  const sum = (by: Key, data: Uint8Array) => ({
    cksumtype: by.profile.cksumtype,
    checksum: by.operations.checksum(KU_CAMMAC, data),
  });
  const adData = AdCammac.encode({
    elements,
    kdcVerifier: { kvno: kdc.kvno, mac: sum(kdc.key, encodeTicketPart(fields, { others: elements })) },
    svcVerifier: { mac: sum(key, AuthorizationData.encode(elements)) },
  });
  return { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode([{ adType: AD_CAMMAC, adData }]) };
}

/** The indicators in a ticket that a KDC of the realm has signed for itself (RFC 7751 §5); others are ignored. */
export function vouchedIndicators(
  database: PrincipalDatabase,
  realm: string,
  part: EncTicketPart,
): readonly string[] {
  return (part.authorizationData ?? [])
    .flatMap(({ adType, adData }) => (adType === AD_IF_RELEVANT ? AuthorizationData.decode(adData) : []))
    .filter(({ adType }) => adType === AD_CAMMAC)
    .map(({ adData }) => AdCammac.decode(adData))
    .filter(({ elements, kdcVerifier }) => {
      if (kdcVerifier === undefined) return false;
      const { mac } = kdcVerifier;
      const ticket = encodeTicketPart(encodeTicketFields(part), { others: elements });
      return kdcKeysOf(database, realm, mac.cksumtype).some(key =>
        verifyChecksum(key, KU_CAMMAC, ticket, mac),
      );
    })
    .flatMap(({ elements }) => elements)
    .filter(({ adType }) => adType === AD_AUTHENTICATION_INDICATOR)
    .flatMap(({ adData }) => AuthenticationIndicators.decode(adData));
}
