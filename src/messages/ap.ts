import type { ValueOf } from '../codec/codec.ts';
import { der, Int32, Microseconds, UInt32 } from '../codec/der/primitives.ts';
import { application, constant, explicit, optional, sequence } from '../codec/der/schema.ts';
import { message } from './message.ts';
import { Ticket } from './ticket.ts';
import {
  AuthorizationData,
  Checksum,
  EncryptedData,
  EncryptionKey,
  KerberosFlags,
  KerberosTime,
  PrincipalName,
  Realm,
} from './types.ts';

/** RFC 4120 §5.5.1. */
export const ApReq = message(14, 'ApReq', {
  apOptions: explicit(2, KerberosFlags),
  ticket: explicit(3, der(Ticket)),
  authenticator: explicit(4, EncryptedData),
});
export type ApReq = ValueOf<typeof ApReq>;

/** RFC 4120 §5.5.1. */
export const Authenticator = application(
  2,
  sequence('Authenticator', {
    authenticatorVno: constant(explicit(0, Int32), 5),
    crealm: explicit(1, Realm),
    cname: explicit(2, PrincipalName),
    cksum: optional(3, Checksum),
    cusec: explicit(4, Microseconds),
    ctime: explicit(5, KerberosTime),
    subkey: optional(6, EncryptionKey),
    seqNumber: optional(7, UInt32),
    authorizationData: optional(8, AuthorizationData),
  }),
  'Authenticator',
);
export type Authenticator = ValueOf<typeof Authenticator>;

/** RFC 4120 §5.5.2. */
export const ApRep = message(15, 'ApRep', {
  encPart: explicit(2, EncryptedData),
});
export type ApRep = ValueOf<typeof ApRep>;

/** RFC 4120 §5.5.2. */
export const EncApRepPart = application(
  27,
  sequence('EncApRepPart', {
    ctime: explicit(0, KerberosTime),
    cusec: explicit(1, Microseconds),
    subkey: optional(2, EncryptionKey),
    seqNumber: optional(3, UInt32),
  }),
  'EncApRepPart',
);
export type EncApRepPart = ValueOf<typeof EncApRepPart>;
