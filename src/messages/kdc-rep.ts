import type { ValueOf } from '../codec/codec.ts';
import { der, UInt32 } from '../codec/der/primitives.ts';
import { application, explicit, optional, sequence, sequenceOf } from '../codec/der/schema.ts';
import { message } from './message.ts';
import { Ticket } from './ticket.ts';
import {
  EncryptedData,
  EncryptionKey,
  HostAddresses,
  KerberosFlags,
  KerberosTime,
  LastReq,
  PaData,
  PrincipalName,
  Realm,
} from './types.ts';

/** The ticket stays DER: the client cannot read it and passes it on unchanged. */
const members = {
  padata: optional(2, sequenceOf(PaData)),
  crealm: explicit(3, Realm),
  cname: explicit(4, PrincipalName),
  ticket: explicit(5, der(Ticket)),
  encPart: explicit(6, EncryptedData),
};

/** RFC 4120 §5.4.2. */
export const AsRep = message(11, 'AsRep', members);
export type AsRep = ValueOf<typeof AsRep>;

/** RFC 4120 §5.4.2. */
export const TgsRep = message(13, 'TgsRep', members);
export type TgsRep = ValueOf<typeof TgsRep>;

/** RFC 4120 §5.4.2, with the encrypted-pa-data of RFC 6806 §11. */
const EncKdcRepPartBody = sequence('EncKdcRepPart', {
  key: explicit(0, EncryptionKey),
  lastReq: explicit(1, LastReq),
  nonce: explicit(2, UInt32),
  keyExpiration: optional(3, KerberosTime),
  flags: explicit(4, KerberosFlags),
  authtime: explicit(5, KerberosTime),
  starttime: optional(6, KerberosTime),
  endtime: explicit(7, KerberosTime),
  renewTill: optional(8, KerberosTime),
  srealm: explicit(9, Realm),
  sname: explicit(10, PrincipalName),
  caddr: optional(11, HostAddresses),
  encryptedPaData: optional(12, sequenceOf(PaData)),
});
export type EncKdcRepPart = ValueOf<typeof EncKdcRepPartBody>;

/** EncASRepPart; MIT's and other KDCs send it under the tag of EncTGSRepPart, so both tags are accepted. */
export const EncAsRepPart = application([25, 26], EncKdcRepPartBody, 'EncAsRepPart');
/** EncTGSRepPart. */
export const EncTgsRepPart = application([26, 25], EncKdcRepPartBody, 'EncTgsRepPart');
