import type { ValueOf } from '../codec/codec.ts';
import { der, GeneralString, OctetString, UInt32 } from '../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../codec/der/schema.ts';
import { textToBytes } from '../codec/text.ts';
import type { Principal } from './principal.ts';
import { Checksum, KerberosFlags, PrincipalName, Realm } from './types.ts';

// Pre-authentication data types.
export const PA_FOR_USER = 129;
export const PA_S4U_X509_USER = 130;
export const PA_PAC_OPTIONS = 167;

// Key usages.
export const KU_PA_FOR_USER_CKSUM = 17;
export const KU_PA_S4U_X509_USER_REQUEST = 26;
export const KU_PA_S4U_X509_USER_REPLY = 27;

/** An option of `S4uUserId`: the checksum in the reply has its own key usage. */
export const USE_REPLY_KEY_USAGE = 0x20000000;

/** A flag of `PaPacOptions`: the client supports resource-based constrained delegation (MS-SFU 2.2.5). */
export const RESOURCE_BASED_CONSTRAINED_DELEGATION = 0x10000000;

/** MS-SFU 2.2.1. */
export const PaForUser = sequence('PaForUser', {
  userName: explicit(0, PrincipalName),
  userRealm: explicit(1, Realm),
  cksum: explicit(2, Checksum),
  authPackage: explicit(3, GeneralString),
});
export type PaForUser = ValueOf<typeof PaForUser>;

/** The input of PA-FOR-USER's checksum (MS-SFU 2.2.1). */
export function forUserChecksumInput(user: Principal, authPackage: string): Uint8Array {
  const text = textToBytes([...user.components, user.realm, authPackage].join(''));
  const input = new Uint8Array(4 + text.length);
  new DataView(input.buffer).setInt32(0, user.nameType, true);
  input.set(text, 4);
  return input;
}

/** MS-SFU 2.2.2. */
export const S4uUserId = sequence('S4uUserId', {
  nonce: explicit(0, UInt32),
  cname: optional(1, PrincipalName),
  crealm: explicit(2, Realm),
  subjectCertificate: optional(3, OctetString),
  options: optional(4, KerberosFlags),
});
export type S4uUserId = ValueOf<typeof S4uUserId>;

/** MS-SFU 2.2.2; `userId` stays DER, which the checksum covers; open it with `S4uUserId.decode`. */
export const PaS4uX509User = sequence('PaS4uX509User', {
  userId: explicit(0, der(S4uUserId)),
  checksum: explicit(1, Checksum),
});
export type PaS4uX509User = ValueOf<typeof PaS4uX509User>;

/** MS-KILE 2.2.10. */
export const PaPacOptions = sequence('PaPacOptions', { flags: explicit(0, KerberosFlags) });
