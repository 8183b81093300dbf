import type { Codec } from '../../codec/codec.ts';
import { GeneralString, Int32, OctetString } from '../../codec/der/primitives.ts';
import { explicit, optional, sequence } from '../../codec/der/schema.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../../messages/ap.ts';
import {
  AdAndOr,
  AdCammac,
  AdKdcIssued,
  AuthenticationIndicators,
  EtypeList,
} from '../../messages/authorization.ts';
import { KrbFastReq, KrbFastResponse, PaFxFastReply, PaFxFastRequest } from '../../messages/fast.ts';
import { AsRep, EncAsRepPart, EncTgsRepPart, TgsRep } from '../../messages/kdc-rep.ts';
import { AsReq, KdcReqBody, TgsReq } from '../../messages/kdc-req.ts';
import { KrbError } from '../../messages/krb-error.ts';
import { PaOtpChallenge, PaOtpEncRequest, PaOtpRequest } from '../../messages/otp.ts';
import { PaPkAsRep, PaPkAsReq, TdDhParameters } from '../../messages/pkinit.ts';
import { EtypeInfo, EtypeInfo2, PaEncTsEnc, PaPacRequest } from '../../messages/preauth-data.ts';
import { PaForUser, PaPacOptions, PaS4uX509User, S4uUserId } from '../../messages/s4u.ts';
import {
  EncKrbCredPart,
  EncKrbPrivPart,
  KrbCred,
  KrbPriv,
  KrbSafe,
  KrbSafeBody,
} from '../../messages/safe-priv-cred.ts';
import { PaSpake } from '../../messages/spake.ts';
import { EncTicketPart, Ticket } from '../../messages/ticket.ts';
import { AuthorizationData, EncryptedData, MethodData, TypedData } from '../../messages/types.ts';

/** A declared type, and what it is called. */
export interface NamedType {
  readonly name: string;
  readonly type: Codec<unknown>;
}

/** The messages that their first octet tells. */
export const MESSAGES: Readonly<Record<number, NamedType>> = {
  97: { name: 'Ticket', type: Ticket },
  98: { name: 'Authenticator', type: Authenticator },
  99: { name: 'EncTicketPart', type: EncTicketPart },
  106: { name: 'AS-REQ', type: AsReq },
  107: { name: 'AS-REP', type: AsRep },
  108: { name: 'TGS-REQ', type: TgsReq },
  109: { name: 'TGS-REP', type: TgsRep },
  110: { name: 'AP-REQ', type: ApReq },
  111: { name: 'AP-REP', type: ApRep },
  116: { name: 'KRB-SAFE', type: KrbSafe },
  117: { name: 'KRB-PRIV', type: KrbPriv },
  118: { name: 'KRB-CRED', type: KrbCred },
  121: { name: 'EncASRepPart', type: EncAsRepPart },
  122: { name: 'EncTGSRepPart', type: EncTgsRepPart },
  123: { name: 'EncAPRepPart', type: EncApRepPart },
  124: { name: 'EncKrbPrivPart', type: EncKrbPrivPart },
  125: { name: 'EncKrbCredPart', type: EncKrbCredPart },
  126: { name: 'KRB-ERROR', type: KrbError },
};

/** Whether bytes are a message or its beginning: the first octet tells which, and the header of a SEQUENCE follows. */
export function beginsMessage(bytes: Uint8Array): boolean {
  const [tag, octet] = bytes;
  if (tag === undefined || octet === undefined || MESSAGES[tag] === undefined) return false;
  const inner = bytes[octet < 0x80 ? 2 : 2 + (octet & 0x7f)];
  return inner === undefined || inner === 0x30;
}

const ticket = { name: 'Ticket', type: Ticket };

/** Fields that hold the DER of something else. */
export const NESTED: Readonly<Record<string, NamedType>> = {
  ticket,
  tickets: ticket,
  additionalTickets: ticket,
  secondTicket: ticket,
  reqBody: { name: 'KDC-REQ-BODY', type: KdcReqBody },
  safeBody: { name: 'KRB-SAFE-BODY', type: KrbSafeBody },
  userId: { name: 'S4UUserID', type: S4uUserId },
  armorValue: { name: 'AP-REQ', type: ApReq },
};

/** What padata hold; a reply's FAST is another type than a request's. */
export const PADATA: Readonly<Record<number, readonly NamedType[]>> = {
  1: [{ name: 'AP-REQ', type: ApReq }],
  2: [{ name: 'PA-ENC-TIMESTAMP', type: EncryptedData }],
  11: [{ name: 'ETYPE-INFO', type: EtypeInfo }],
  16: [{ name: 'PA-PK-AS-REQ', type: PaPkAsReq }],
  17: [{ name: 'PA-PK-AS-REP', type: PaPkAsRep }],
  19: [{ name: 'ETYPE-INFO2', type: EtypeInfo2 }],
  128: [{ name: 'KERB-PA-PAC-REQUEST', type: PaPacRequest }],
  129: [{ name: 'PA-FOR-USER', type: PaForUser }],
  130: [{ name: 'PA-S4U-X509-USER', type: PaS4uX509User }],
  136: [
    { name: 'PA-FX-FAST-REQUEST', type: PaFxFastRequest },
    { name: 'PA-FX-FAST-REPLY', type: PaFxFastReply },
  ],
  137: [{ name: 'KRB-ERROR', type: KrbError }],
  138: [{ name: 'EncryptedChallenge', type: EncryptedData }],
  141: [{ name: 'PA-OTP-CHALLENGE', type: PaOtpChallenge }],
  142: [{ name: 'PA-OTP-REQUEST', type: PaOtpRequest }],
  151: [{ name: 'PA-SPAKE', type: PaSpake }],
  167: [{ name: 'PA-PAC-OPTIONS', type: PaPacOptions }],
};

const authorizationData = { name: 'AuthorizationData', type: AuthorizationData };

/** What elements of authorization data hold. */
export const AUTHORIZATION: Readonly<Record<number, NamedType>> = {
  1: authorizationData,
  4: { name: 'AD-KDCIssued', type: AdKdcIssued },
  5: { name: 'AD-AND-OR', type: AdAndOr },
  8: authorizationData,
  96: { name: 'AD-CAMMAC', type: AdCammac },
  97: { name: 'indicators', type: AuthenticationIndicators },
  129: { name: 'enctypes', type: EtypeList },
  142: { name: 'text', type: GeneralString },
};

/** MS-KILE 2.2.2. */
export const KerbErrorData = sequence('KerbErrorData', {
  dataType: explicit(1, Int32),
  dataValue: optional(2, OctetString),
});

/** What may be in the e-data of a KRB-ERROR. */
export const ERROR_DATA: readonly NamedType[] = [
  { name: 'METHOD-DATA', type: MethodData },
  { name: 'TYPED-DATA', type: TypedData },
  { name: 'KERB-ERROR-DATA', type: KerbErrorData },
];

/** What elements of TYPED-DATA hold (RFC 4556 §3.2.2). */
export const TYPED: Readonly<Record<number, NamedType>> = {
  109: { name: 'TD-DH-PARAMETERS', type: TdDhParameters },
};

/** An encrypted part: what it is, and the key usages of RFC 4120 §7.5.1 that it may be sealed for. */
interface SealedType extends NamedType {
  readonly usages: readonly number[];
}

/** Encrypted parts by the message and the field that they are in. */
export const SEALED: Readonly<Record<string, SealedType>> = {
  'Ticket.encPart': { name: 'EncTicketPart', type: EncTicketPart, usages: [2] },
  'AS-REP.encPart': { name: 'EncASRepPart', type: EncAsRepPart, usages: [3, 8] },
  'TGS-REP.encPart': { name: 'EncTGSRepPart', type: EncTgsRepPart, usages: [8, 9] },
  'AP-REQ.authenticator': { name: 'Authenticator', type: Authenticator, usages: [11, 7] },
  'AP-REP.encPart': { name: 'EncAPRepPart', type: EncApRepPart, usages: [12] },
  'KRB-PRIV.encPart': { name: 'EncKrbPrivPart', type: EncKrbPrivPart, usages: [13] },
  'KRB-CRED.encPart': { name: 'EncKrbCredPart', type: EncKrbCredPart, usages: [14] },
  'KDC-REQ-BODY.encAuthorizationData': { ...authorizationData, usages: [4, 5] },
  'PA-FX-FAST-REQUEST.encFastReq': { name: 'KrbFastReq', type: KrbFastReq, usages: [51] },
  'PA-FX-FAST-REPLY.encFastRep': { name: 'KrbFastResponse', type: KrbFastResponse, usages: [52] },
  'PA-OTP-REQUEST.encData': { name: 'PA-OTP-ENC-REQUEST', type: PaOtpEncRequest, usages: [45] },
  EncryptedChallenge: { name: 'PA-ENC-TS-ENC', type: PaEncTsEnc, usages: [54, 55] },
  'PA-ENC-TIMESTAMP': { name: 'PA-ENC-TS-ENC', type: PaEncTsEnc, usages: [1] },
};
