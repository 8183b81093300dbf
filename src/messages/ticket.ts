import type { ValueOf } from '../codec/codec.ts';
import { Int32, OctetString } from '../codec/der/primitives.ts';
import { application, constant, explicit, optional, sequence } from '../codec/der/schema.ts';
import {
  AuthorizationData,
  EncryptedData,
  EncryptionKey,
  HostAddresses,
  KerberosFlags,
  KerberosTime,
  PrincipalName,
  Realm,
} from './types.ts';

/** RFC 4120 §5.3. */
export const Ticket = application(
  1,
  sequence('Ticket', {
    tktVno: constant(explicit(0, Int32), 5),
    realm: explicit(1, Realm),
    sname: explicit(2, PrincipalName),
    encPart: explicit(3, EncryptedData),
  }),
  'Ticket',
);
export type Ticket = ValueOf<typeof Ticket>;

/** RFC 4120 §5.3; `contents` lists the transited realms, compressed as in §3.3.3.2. */
export const TransitedEncoding = sequence('TransitedEncoding', {
  trType: explicit(0, Int32),
  contents: explicit(1, OctetString),
});
export type TransitedEncoding = ValueOf<typeof TransitedEncoding>;

const ticketFields = {
  flags: explicit(0, KerberosFlags),
  key: explicit(1, EncryptionKey),
  crealm: explicit(2, Realm),
  cname: explicit(3, PrincipalName),
  transited: explicit(4, TransitedEncoding),
  authtime: explicit(5, KerberosTime),
  starttime: optional(6, KerberosTime),
  endtime: explicit(7, KerberosTime),
  renewTill: optional(8, KerberosTime),
  caddr: optional(9, HostAddresses),
};

/** RFC 4120 §5.3: the part that the service decrypts with its key. */
export const EncTicketPart = application(
  3,
  sequence('EncTicketPart', { ...ticketFields, authorizationData: optional(10, AuthorizationData) }),
  'EncTicketPart',
);
export type EncTicketPart = ValueOf<typeof EncTicketPart>;

/** The fields of an EncTicketPart except its authorization data. */
export const EncTicketFields = sequence('EncTicketPart', ticketFields);
