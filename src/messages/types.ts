import type { ValueOf } from '../codec/codec.ts';
import {
  Flags,
  GeneralizedTime,
  GeneralString,
  Int32,
  OctetString,
  SignedUInt32,
} from '../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';

// The building blocks of RFC 4120 §5.2.

export const Realm = GeneralString;
export const KerberosTime = GeneralizedTime;
export const KerberosFlags = Flags;

/** RFC 4120 §5.2.2. */
export const PrincipalName = sequence('PrincipalName', {
  nameType: explicit(0, Int32),
  nameString: explicit(1, sequenceOf(GeneralString)),
});
export type PrincipalName = ValueOf<typeof PrincipalName>;

/** RFC 4120 §5.2.5. */
export const HostAddress = sequence('HostAddress', {
  addrType: explicit(0, Int32),
  address: explicit(1, OctetString),
});
export type HostAddress = ValueOf<typeof HostAddress>;
export const HostAddresses = sequenceOf(HostAddress);

/** One element of RFC 4120 §5.2.6. */
export const AuthorizationDataElement = sequence('AuthorizationDataElement', {
  adType: explicit(0, Int32),
  adData: explicit(1, OctetString),
});
export type AuthorizationDataElement = ValueOf<typeof AuthorizationDataElement>;
export const AuthorizationData = sequenceOf(AuthorizationDataElement);
export type AuthorizationData = ValueOf<typeof AuthorizationData>;

/** RFC 4120 §5.2.7. */
export const PaData = sequence('PaData', {
  padataType: explicit(1, Int32),
  padataValue: explicit(2, OctetString),
});
export type PaData = ValueOf<typeof PaData>;
/** RFC 4120 §5.9.1, the e-data of KDC_ERR_PREAUTH_REQUIRED. */
export const MethodData = sequenceOf(PaData);

/** RFC 4120 §5.9.1; errors in FAST use PA-DATA instead. */
export const TypedData = sequenceOf(
  sequence('TypedDataElement', { dataType: explicit(0, Int32), dataValue: optional(1, OctetString) }),
);

/** RFC 4120 §5.2.9. */
export const EncryptedData = sequence('EncryptedData', {
  etype: explicit(0, Int32),
  kvno: optional(1, SignedUInt32),
  cipher: explicit(2, OctetString),
});
export type EncryptedData = ValueOf<typeof EncryptedData>;

/** RFC 4120 §5.2.9. */
export const EncryptionKey = sequence('EncryptionKey', {
  keytype: explicit(0, Int32),
  keyvalue: explicit(1, OctetString),
});
export type EncryptionKey = ValueOf<typeof EncryptionKey>;

/** RFC 4120 §5.2.9. */
export const Checksum = sequence('Checksum', {
  cksumtype: explicit(0, Int32),
  checksum: explicit(1, OctetString),
});
export type Checksum = ValueOf<typeof Checksum>;

/** RFC 4120 §5.4.2. */
export const LastReq = sequenceOf(
  sequence('LastReqElement', { lrType: explicit(0, Int32), lrValue: explicit(1, KerberosTime) }),
);
