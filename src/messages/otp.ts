import type { ValueOf } from '../codec/codec.ts';
import {
  Any,
  Flags,
  GeneralizedTime,
  Int32,
  ObjectIdentifier,
  OctetString,
  Utf8String,
} from '../codec/der/primitives.ts';
import { implicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { EncryptedData } from './types.ts';

// RFC 6560 §4: a module with IMPLICIT tags.

const HashAlgorithm = sequence('AlgorithmIdentifier', {
  algorithm: ObjectIdentifier,
});

export const OtpTokenInfo = sequence('OtpTokenInfo', {
  flags: implicit(0, Flags),
  otpVendor: optional(implicit(1, Utf8String)),
  otpChallenge: optional(implicit(2, OctetString)),
  otpLength: optional(implicit(3, Int32)),
  otpFormat: optional(implicit(4, Int32)),
  otpTokenId: optional(implicit(5, OctetString)),
  otpAlgId: optional(implicit(6, Utf8String)),
  supportedHashAlg: optional(implicit(7, sequenceOf(HashAlgorithm))),
  iterationCount: optional(implicit(8, Int32)),
});
export type OtpTokenInfo = ValueOf<typeof OtpTokenInfo>;

export const PaOtpChallenge = sequence('PaOtpChallenge', {
  nonce: implicit(0, OctetString),
  otpService: optional(implicit(1, Utf8String)),
  otpTokenInfo: implicit(2, sequenceOf(OtpTokenInfo)),
  salt: optional(implicit(3, Utf8String)),
  s2kparams: optional(implicit(4, OctetString)),
});
export type PaOtpChallenge = ValueOf<typeof PaOtpChallenge>;

export const PaOtpRequest = sequence('PaOtpRequest', {
  flags: implicit(0, Flags),
  nonce: optional(implicit(1, OctetString)),
  encData: implicit(2, EncryptedData),
  hashAlg: optional(implicit(3, HashAlgorithm)),
  iterationCount: optional(implicit(4, Int32)),
  otpValue: optional(implicit(5, OctetString)),
  otpPin: optional(implicit(6, Utf8String)),
  otpChallenge: optional(implicit(7, OctetString)),
  otpTime: optional(implicit(8, GeneralizedTime)),
  otpCounter: optional(implicit(9, OctetString)),
  otpFormat: optional(implicit(10, Int32)),
  otpTokenId: optional(implicit(11, OctetString)),
  otpAlgId: optional(implicit(12, Utf8String)),
  otpVendor: optional(implicit(13, Utf8String)),
});
export type PaOtpRequest = ValueOf<typeof PaOtpRequest>;

export const PaOtpEncRequest = sequence('PaOtpEncRequest', { nonce: implicit(0, OctetString) });

export const PaOtpPinChange = sequence('PaOtpPinChange', {
  flags: implicit(0, Flags),
  pin: optional(implicit(1, Utf8String)),
  minLength: optional(implicit(2, Int32)),
  maxLength: optional(implicit(3, Int32)),
  lastUse: optional(Any),
});
