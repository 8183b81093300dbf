import type { ValueOf } from '../codec/codec.ts';
import { Any, BitString, Int32 } from '../codec/der/primitives.ts';
import { optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { DerType } from '../codec/der/type.ts';
import { AlgorithmIdentifier } from './pkinit.ts';

/** UTCTime or GeneralizedTime, as it is encoded (RFC 5280 §4.1.2.5). */
const Time: DerType<Uint8Array> = new DerType(
  [0x17, 0x18],
  { read: input => input.element(), write: (output, value) => output.bytes(value) },
  undefined,
);

/** RFC 5280 §5.1, the signed part of a CertificateList. */
export const TbsCertList = sequence('TbsCertList', {
  version: optional(Int32),
  signature: AlgorithmIdentifier,
  issuer: Any,
  thisUpdate: Time,
  nextUpdate: optional(Time),
  revokedCertificates: optional(
    sequenceOf(sequence('RevokedCertificate', { userCertificate: Any, revocationDate: Time })),
  ),
});
export type TbsCertList = ValueOf<typeof TbsCertList>;

/** RFC 5280 §5.1; `tbsCertList` stays DER, because the signature covers its encoding. */
export const CertificateList = sequence('CertificateList', {
  tbsCertList: Any,
  signatureAlgorithm: AlgorithmIdentifier,
  signature: BitString,
});
export type CertificateList = ValueOf<typeof CertificateList>;
