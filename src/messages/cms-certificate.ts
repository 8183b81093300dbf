import type { ValueOf } from '../codec/codec.ts';
import {
  Any,
  BitString,
  Bool,
  Flags,
  Int32,
  ObjectIdentifier,
  OctetString,
} from '../codec/der/primitives.ts';
import { explicit, implicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { AlgorithmIdentifier } from './pkinit.ts';

// The parts of RFC 5280 that node:crypto does not expose.

export const EXT_SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
export const EXT_KEY_USAGE = '2.5.29.15';
export const EXT_SUBJECT_ALT_NAME = '2.5.29.17';
export const EXT_BASIC_CONSTRAINTS = '2.5.29.19';
export const EXT_CERTIFICATE_POLICIES = '2.5.29.32';
export const EXT_EXTENDED_KEY_USAGE = '2.5.29.37';

/** RFC 5280 §4.1. */
export const Certificate = sequence('Certificate', {
  tbsCertificate: sequence('TbsCertificate', {
    version: optional(0, Int32),
    serialNumber: Any,
    signature: AlgorithmIdentifier,
    issuer: Any,
    validity: Any,
    subject: Any,
    subjectPublicKeyInfo: Any,
    issuerUniqueId: optional(implicit(1, BitString)),
    subjectUniqueId: optional(implicit(2, BitString)),
    extensions: optional(
      3,
      sequenceOf(
        sequence('Extension', {
          extnId: ObjectIdentifier,
          critical: optional(Bool),
          extnValue: OctetString,
        }),
      ),
    ),
  }),
  signatureAlgorithm: AlgorithmIdentifier,
  signature: BitString,
});
export type Certificate = ValueOf<typeof Certificate>;

/** RFC 5280 §4.2.1.9. */
export const BasicConstraints = sequence('BasicConstraints', {
  cA: optional(Bool),
  pathLenConstraint: optional(Int32),
});

/** RFC 5280 §4.2.1.3. */
export const KeyUsage = Flags;
export const DIGITAL_SIGNATURE = 0x80000000;
export const KEY_ENCIPHERMENT = 0x20000000;

/** RFC 5280 §4.2.1.12. */
export const ExtendedKeyUsage = sequenceOf(ObjectIdentifier);

/** RFC 5280 §4.2.1.6; each name stays DER, to be decoded by its tag. */
export const GeneralNames = sequenceOf(Any);
export const TAG_OTHER_NAME = 0xa0;
export const TAG_DNS_NAME = 0x82;

/** The otherName of a GeneralName. */
export const OtherName = implicit(
  0,
  sequence('OtherName', { typeId: ObjectIdentifier, value: explicit(0, Any) }),
);
/** The dNSName of a GeneralName. */
export const DnsName = implicit(2, OctetString);

/** RFC 4055 §3.1, as much as a verifier needs to know the hash. */
export const RsaPssParams = sequence('RsaPssParams', { hashAlgorithm: optional(0, AlgorithmIdentifier) });
