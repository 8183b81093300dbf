import type { ValueOf } from '../codec/codec.ts';
import { der, Int32, UInt32 } from '../codec/der/primitives.ts';
import { explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { message } from './message.ts';
import { Ticket } from './ticket.ts';
import {
  EncryptedData,
  HostAddresses,
  KerberosFlags,
  KerberosTime,
  PaData,
  PrincipalName,
  Realm,
} from './types.ts';

/** RFC 4120 §5.4.1. */
export const KdcReqBody = sequence('KdcReqBody', {
  kdcOptions: explicit(0, KerberosFlags),
  cname: optional(1, PrincipalName),
  realm: explicit(2, Realm),
  sname: optional(3, PrincipalName),
  from: optional(4, KerberosTime),
  till: explicit(5, KerberosTime),
  rtime: optional(6, KerberosTime),
  nonce: explicit(7, UInt32),
  etype: explicit(8, sequenceOf(Int32)),
  addresses: optional(9, HostAddresses),
  encAuthorizationData: optional(10, EncryptedData),
  additionalTickets: optional(11, sequenceOf(der(Ticket))),
});
export type KdcReqBody = ValueOf<typeof KdcReqBody>;

/** The body stays DER: it is checksummed in the TGS exchange and in FAST. */
const members = {
  padata: optional(3, sequenceOf(PaData)),
  reqBody: explicit(4, der(KdcReqBody)),
};

/** RFC 4120 §5.4.1; open `reqBody` with `KdcReqBody.decode`. */
export const AsReq = message(10, 'AsReq', members, 1);
export type AsReq = ValueOf<typeof AsReq>;

/** RFC 4120 §5.4.1; open `reqBody` with `KdcReqBody.decode`. */
export const TgsReq = message(12, 'TgsReq', members, 1);
export type TgsReq = ValueOf<typeof TgsReq>;
