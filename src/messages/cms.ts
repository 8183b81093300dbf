import type { ValueOf } from '../codec/codec.ts';
import { Any, der, Int32, ObjectIdentifier, OctetString } from '../codec/der/primitives.ts';
import { choice, explicit, implicit, optional, sequence } from '../codec/der/schema.ts';
import { setOf } from '../codec/der/set.ts';
import { AlgorithmIdentifier } from './pkinit.ts';

// The parts of RFC 5652 that PKINIT signs and verifies.

export const ID_SIGNED_DATA = '1.2.840.113549.1.7.2';
/** The signed attributes that RFC 5652 §5.3 requires. */
export const ID_CONTENT_TYPE = '1.2.840.113549.1.9.3';
export const ID_MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

/** RFC 5652 §3. */
export const ContentInfo = sequence('ContentInfo', {
  contentType: ObjectIdentifier,
  content: explicit(0, Any),
});

/** RFC 5652 §10.2.4; both members are compared as they are encoded. */
const IssuerAndSerialNumber = sequence('IssuerAndSerialNumber', {
  issuer: Any,
  serialNumber: Any,
});

export const SignerIdentifier = choice('SignerIdentifier', {
  issuerAndSerialNumber: IssuerAndSerialNumber,
  subjectKeyIdentifier: implicit(0, OctetString),
  /** The same identifier in one segment, as BER allows; Heimdal sends it so. */
  segmentedKeyIdentifier: explicit(0, OctetString),
});
export type SignerIdentifier = ValueOf<typeof SignerIdentifier>;

/**
 * RFC 5652 §5.3; it stays DER, because the signature covers its encoding: under its own tag, not under the one it is
 * sent with.
 */
export const SignedAttributes = setOf(
  sequence('Attribute', { attrType: ObjectIdentifier, attrValues: setOf(Any) }),
);

/** RFC 5652 §5.3; open `signedAttrs` with `SignedAttributes.decode`. */
export const SignerInfo = sequence('SignerInfo', {
  version: Int32,
  sid: SignerIdentifier,
  digestAlgorithm: AlgorithmIdentifier,
  signedAttrs: optional(implicit(0, der(SignedAttributes))),
  signatureAlgorithm: AlgorithmIdentifier,
  signature: OctetString,
});
export type SignerInfo = ValueOf<typeof SignerInfo>;

/** RFC 5652 §5.1; a certificate stays DER. */
export const SignedData = sequence('SignedData', {
  version: Int32,
  digestAlgorithms: setOf(AlgorithmIdentifier),
  encapContentInfo: sequence('EncapsulatedContentInfo', {
    eContentType: ObjectIdentifier,
    eContent: optional(0, OctetString),
  }),
  certificates: optional(implicit(0, setOf(Any))),
  crls: optional(implicit(1, setOf(Any))),
  signerInfos: setOf(SignerInfo),
});
