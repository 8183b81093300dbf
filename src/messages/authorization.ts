import type { ValueOf } from '../codec/codec.ts';
import { Int32, UInt32, Utf8String } from '../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { AuthorizationData, Checksum, PrincipalName, Realm } from './types.ts';

export const AD_IF_RELEVANT = 1;
export const AD_KDC_ISSUED = 4;
export const AD_AND_OR = 5;
export const AD_MANDATORY_FOR_KDC = 8;
/** RFC 6113 §5.4.1.1. */
export const AD_FX_FAST_ARMOR = 71;
export const AD_FX_FAST_USED = 72;
export const AD_CAMMAC = 96;
export const AD_AUTHENTICATION_INDICATOR = 97;
export const AD_WIN2K_PAC = 128;
export const AD_ETYPE_NEGOTIATION = 129;

/** RFC 4120 §5.2.6.2. */
export const AdKdcIssued = sequence('AdKdcIssued', {
  adChecksum: explicit(0, Checksum),
  iRealm: optional(1, Realm),
  iSname: optional(2, PrincipalName),
  elements: explicit(3, AuthorizationData),
});
export type AdKdcIssued = ValueOf<typeof AdKdcIssued>;

/** RFC 4120 §5.2.6.3. */
export const AdAndOr = sequence('AdAndOr', {
  conditionCount: explicit(0, Int32),
  elements: explicit(1, AuthorizationData),
});

/** RFC 4537 §4, the data of AD-ETYPE-NEGOTIATION. */
export const EtypeList = sequenceOf(Int32);

const VerifierMac = sequence('VerifierMac', {
  identifier: optional(0, PrincipalName),
  kvno: optional(1, UInt32),
  enctype: optional(2, Int32),
  mac: explicit(3, Checksum),
});

/** RFC 7751 §3. */
export const AdCammac = sequence('AdCammac', {
  elements: explicit(0, AuthorizationData),
  kdcVerifier: optional(1, VerifierMac),
  svcVerifier: optional(2, VerifierMac),
  otherVerifiers: optional(3, sequenceOf(VerifierMac)),
});

/** RFC 7751 §5, the key usage of a CAMMAC's verifiers. */
export const KU_CAMMAC = 64;

/** RFC 8129 §4, the data of AD-AUTHENTICATION-INDICATOR. */
export const AuthenticationIndicators = sequenceOf(Utf8String);
