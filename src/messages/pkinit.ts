import type { ValueOf } from '../codec/codec.ts';
import {
  Any,
  BitString,
  Int32,
  Microseconds,
  ObjectIdentifier,
  OctetString,
  UInt32,
} from '../codec/der/primitives.ts';
import { choice, explicit, implicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { Checksum, EncryptionKey, KerberosTime, PrincipalName, Realm } from './types.ts';

// RFC 4556 §3.2, with the additions of RFC 8636 (algorithm agility) and RFC 8070 (freshness).

export const AlgorithmIdentifier = sequence('AlgorithmIdentifier', {
  algorithm: ObjectIdentifier,
  parameters: optional(Any),
});

const ExternalPrincipalIdentifier = sequence('ExternalPrincipalIdentifier', {
  subjectName: optional(implicit(0, OctetString)),
  issuerAndSerialNumber: optional(implicit(1, OctetString)),
  subjectKeyIdentifier: optional(implicit(2, OctetString)),
});

export const PaPkAsReq = sequence('PaPkAsReq', {
  signedAuthPack: implicit(0, OctetString),
  trustedCertifiers: optional(1, sequenceOf(ExternalPrincipalIdentifier)),
  kdcPkId: optional(implicit(2, OctetString)),
});
export type PaPkAsReq = ValueOf<typeof PaPkAsReq>;

const PkAuthenticator = sequence('PkAuthenticator', {
  cusec: explicit(0, Microseconds),
  ctime: explicit(1, KerberosTime),
  nonce: explicit(2, UInt32),
  paChecksum: optional(3, OctetString),
  freshnessToken: optional(4, OctetString),
  paChecksum2: optional(
    5,
    sequence('PaChecksum2', {
      checksum: explicit(0, OctetString),
      algorithmIdentifier: explicit(1, AlgorithmIdentifier),
    }),
  ),
});

const KdfAlgorithmId = sequence('KdfAlgorithmId', { kdfId: explicit(0, ObjectIdentifier) });

export const SubjectPublicKeyInfo = sequence('SubjectPublicKeyInfo', {
  algorithm: AlgorithmIdentifier,
  subjectPublicKey: BitString,
});

export const AuthPack = sequence('AuthPack', {
  pkAuthenticator: explicit(0, PkAuthenticator),
  clientPublicValue: optional(1, SubjectPublicKeyInfo),
  supportedCmsTypes: optional(2, sequenceOf(AlgorithmIdentifier)),
  clientDhNonce: optional(3, OctetString),
  supportedKdfs: optional(4, sequenceOf(KdfAlgorithmId)),
});
export type AuthPack = ValueOf<typeof AuthPack>;

export const PaPkAsRep = choice('PaPkAsRep', {
  dhInfo: explicit(
    0,
    sequence('DhRepInfo', {
      dhSignedData: implicit(0, OctetString),
      serverDhNonce: optional(1, OctetString),
      kdf: optional(2, KdfAlgorithmId),
    }),
  ),
  encKeyPack: implicit(1, OctetString),
});
export type PaPkAsRep = ValueOf<typeof PaPkAsRep>;

export const KdcDhKeyInfo = sequence('KdcDhKeyInfo', {
  subjectPublicKey: explicit(0, BitString),
  nonce: explicit(1, UInt32),
  dhKeyExpiration: optional(2, KerberosTime),
});
export type KdcDhKeyInfo = ValueOf<typeof KdcDhKeyInfo>;

export const ReplyKeyPack = sequence('ReplyKeyPack', {
  replyKey: explicit(0, EncryptionKey),
  asChecksum: explicit(1, Checksum),
});
export type ReplyKeyPack = ValueOf<typeof ReplyKeyPack>;

/** RFC 4556 §3.2.2, the name in a KDC's or client's certificate. */
export const Krb5PrincipalName = sequence('Krb5PrincipalName', {
  realm: explicit(0, Realm),
  principalName: explicit(1, PrincipalName),
});

/** RFC 8636 §6. */
export const OtherInfo = sequence('OtherInfo', {
  algorithmId: AlgorithmIdentifier,
  partyUInfo: explicit(0, OctetString),
  partyVInfo: explicit(1, OctetString),
  suppPubInfo: optional(2, OctetString),
});

/** RFC 8636 §6. */
export const PkinitSuppPubInfo = sequence('PkinitSuppPubInfo', {
  enctype: explicit(0, Int32),
  asReq: explicit(1, OctetString),
  pkAsRep: explicit(2, OctetString),
});

/** RFC 4556 §3.2.2, TD-DH-PARAMETERS: the groups that a KDC accepts, in its order of preference. */
export const TdDhParameters = sequenceOf(AlgorithmIdentifier);
