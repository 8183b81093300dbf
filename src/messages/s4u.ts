import type { ValueOf } from '../codec/codec.ts';
import { GeneralString, OctetString, UInt32 } from '../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../codec/der/schema.ts';
import { Checksum, KerberosFlags, PrincipalName, Realm } from './types.ts';

/** MS-SFU 2.2.1. */
export const PaForUser = sequence('PaForUser', {
  userName: explicit(0, PrincipalName),
  userRealm: explicit(1, Realm),
  cksum: explicit(2, Checksum),
  authPackage: explicit(3, GeneralString),
});
export type PaForUser = ValueOf<typeof PaForUser>;

/** MS-SFU 2.2.2; its DER is what the checksum covers. */
export const S4uUserId = sequence('S4uUserId', {
  nonce: explicit(0, UInt32),
  cname: optional(1, PrincipalName),
  crealm: explicit(2, Realm),
  subjectCertificate: optional(3, OctetString),
  options: optional(4, KerberosFlags),
});
export type S4uUserId = ValueOf<typeof S4uUserId>;

/** MS-SFU 2.2.2. */
export const PaS4uX509User = sequence('PaS4uX509User', {
  userId: explicit(0, S4uUserId),
  checksum: explicit(1, Checksum),
});
export type PaS4uX509User = ValueOf<typeof PaS4uX509User>;

/** MS-KILE 2.2.10. */
export const PaPacOptions = sequence('PaPacOptions', { flags: explicit(0, KerberosFlags) });
