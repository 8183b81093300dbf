import type { ValueOf } from '../codec/codec.ts';
import { der, Microseconds, OctetString, UInt32 } from '../codec/der/primitives.ts';
import { application, explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { message } from './message.ts';
import { Ticket } from './ticket.ts';
import {
  Checksum,
  EncryptedData,
  EncryptionKey,
  HostAddress,
  HostAddresses,
  KerberosFlags,
  KerberosTime,
  PrincipalName,
  Realm,
} from './types.ts';

const protectedMembers = {
  userData: explicit(0, OctetString),
  timestamp: optional(1, KerberosTime),
  usec: optional(2, Microseconds),
  seqNumber: optional(3, UInt32),
  sAddress: explicit(4, HostAddress),
  rAddress: optional(5, HostAddress),
};

/** RFC 4120 §5.6.1. */
export const KrbSafeBody = sequence('KrbSafeBody', protectedMembers);
export type KrbSafeBody = ValueOf<typeof KrbSafeBody>;

/** RFC 4120 §5.6.1; the body stays DER for its checksum. */
export const KrbSafe = message(20, 'KrbSafe', {
  safeBody: explicit(2, der(KrbSafeBody)),
  cksum: explicit(3, Checksum),
});
export type KrbSafe = ValueOf<typeof KrbSafe>;

/** RFC 4120 §5.7.1. */
export const KrbPriv = message(21, 'KrbPriv', {
  encPart: explicit(3, EncryptedData),
});
export type KrbPriv = ValueOf<typeof KrbPriv>;

/** RFC 4120 §5.7.1. */
export const EncKrbPrivPart = application(28, sequence('EncKrbPrivPart', protectedMembers), 'EncKrbPrivPart');
export type EncKrbPrivPart = ValueOf<typeof EncKrbPrivPart>;

/** RFC 4120 §5.8.1. */
export const KrbCred = message(22, 'KrbCred', {
  tickets: explicit(2, sequenceOf(der(Ticket))),
  encPart: explicit(3, EncryptedData),
});
export type KrbCred = ValueOf<typeof KrbCred>;

/** RFC 4120 §5.8.1. */
export const KrbCredInfo = sequence('KrbCredInfo', {
  key: explicit(0, EncryptionKey),
  prealm: optional(1, Realm),
  pname: optional(2, PrincipalName),
  flags: optional(3, KerberosFlags),
  authtime: optional(4, KerberosTime),
  starttime: optional(5, KerberosTime),
  endtime: optional(6, KerberosTime),
  renewTill: optional(7, KerberosTime),
  srealm: optional(8, Realm),
  sname: optional(9, PrincipalName),
  caddr: optional(10, HostAddresses),
});
export type KrbCredInfo = ValueOf<typeof KrbCredInfo>;

/** RFC 4120 §5.8.1. */
export const EncKrbCredPart = application(
  29,
  sequence('EncKrbCredPart', {
    ticketInfo: explicit(0, sequenceOf(KrbCredInfo)),
    nonce: optional(1, UInt32),
    timestamp: optional(2, KerberosTime),
    usec: optional(3, Microseconds),
    sAddress: optional(4, HostAddress),
    rAddress: optional(5, HostAddress),
  }),
  'EncKrbCredPart',
);
export type EncKrbCredPart = ValueOf<typeof EncKrbCredPart>;
