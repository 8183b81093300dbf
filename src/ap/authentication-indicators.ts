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
import { AuthorizationData, type AuthorizationDataElement } from '../messages/types.ts';

/**
 * The authentication indicators in a ticket's authorization data (RFC 8129) that its KDC authenticates with `key`, the
 * service's key that opened the ticket; others are ignored. Throws CodecError.
 */
export function findIndicators(authorizationData: AuthorizationData, key: Key): readonly string[] {
  return authorizationData
    .flatMap(element => within(element))
    .filter(({ adType }) => adType === AD_CAMMAC)
    .flatMap(({ adData }) => vouchedFor(adData, key))
    .filter(({ adType }) => adType === AD_AUTHENTICATION_INDICATOR)
    .flatMap(({ adData }) => AuthenticationIndicators.decode(adData));
}

/** An element itself, or those within a container that a service may ignore. */
function within({ adType, adData }: AuthorizationDataElement): AuthorizationData {
  return adType === AD_IF_RELEVANT ? AuthorizationData.decode(adData) : [{ adType, adData }];
}

/** The elements of a CAMMAC whose verifier is valid (RFC 7751 §3). */
function vouchedFor(cammac: Uint8Array, key: Key): AuthorizationData {
  const { elements, svcVerifier } = AdCammac.decode(cammac);
  const isGenuine =
    svcVerifier !== undefined &&
    verifyChecksum(key, KU_CAMMAC, AuthorizationData.encode(elements), svcVerifier.mac);
  return isGenuine ? elements.flatMap(element => within(element)) : [];
}
