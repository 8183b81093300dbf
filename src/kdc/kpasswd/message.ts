import { textToBytes } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import { ApReq } from '../../messages/ap.ts';
import { KRB_ERR_GENERIC } from '../../messages/error-codes.ts';
import { KrbError } from '../../messages/krb-error.ts';
import { NT_SRV_INST } from '../../messages/numbers.ts';
import { type Principal, toPrincipalName } from '../../messages/principal.ts';

/** The password-changing service of a realm (RFC 3244 §2). */
export function changePasswordService(realm: string): Principal {
  return { nameType: NT_SRV_INST, components: ['kadmin', 'changepw'], realm };
}

// The result codes of RFC 3244 §2.
export const KPASSWD_SUCCESS = 0;
export const KPASSWD_MALFORMED = 1;
export const KPASSWD_HARDERROR = 2;
export const KPASSWD_AUTHERROR = 3;
export const KPASSWD_SOFTERROR = 4;
export const KPASSWD_ACCESSDENIED = 5;
const KPASSWD_BAD_VERSION = 6;
export const KPASSWD_INITIAL_FLAG_NEEDED = 7;

/** The version that changes the client's own password: the message is the password. */
const CHANGE_VERSION = 1;
/** The version that sets any principal's password: the message is a ChangePasswdData. */
const SET_VERSION = 0xff80;
const HEADER_BYTES = 6;

/** The result of a request. */
export interface PasswordResult {
  readonly code: number;
  /** Text for the user. */
  readonly text: string;
  /** What failed in the server, for the log only. */
  readonly cause?: unknown;
}

/** A request, with its sealed parts unopened. */
export interface PasswordMessage {
  readonly apReq: ApReq;
  /** The DER of the KRB-PRIV. */
  readonly priv: Uint8Array;
  /** Whether it names the principal whose password is to be set. */
  readonly names: boolean;
}

/** Splits a request into its parts (RFC 3244 §2); returns a result if it is malformed. */
export function readPasswordMessage(request: Uint8Array): PasswordMessage | PasswordResult {
  if (request.length < HEADER_BYTES || u16(request, 0) !== request.length) {
    return { code: KPASSWD_MALFORMED, text: 'The length of the request is wrong.' };
  }
  const version = u16(request, 2);
  if (version !== CHANGE_VERSION && version !== SET_VERSION) {
    return { code: KPASSWD_BAD_VERSION, text: `The protocol has no version ${version}.` };
  }
  const end = HEADER_BYTES + u16(request, 4);
  if (end > request.length) return { code: KPASSWD_MALFORMED, text: 'The request breaks off.' };
  const apReq = readApReq(request.subarray(HEADER_BYTES, end));
  if (apReq === undefined) return { code: KPASSWD_MALFORMED, text: 'The request has no AP-REQ.' };
  return { apReq, priv: request.subarray(end), names: version === SET_VERSION };
}

function readApReq(bytes: Uint8Array): ApReq | undefined {
  try {
    return ApReq.decode(bytes);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** The reply made of an AP-REP and the KRB-PRIV with a result. */
export function framePasswordReply(apRep: Uint8Array, sealed: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(HEADER_BYTES + apRep.length + sealed.length, 0);
  header.writeUInt16BE(CHANGE_VERSION, 2);
  header.writeUInt16BE(apRep.length, 4);
  return Buffer.concat([header, apRep, sealed]);
}

/** The octets of a result. */
export function encodePasswordResult({ code, text }: PasswordResult): Uint8Array {
  return Buffer.concat([Uint8Array.of(code >> 8, code), textToBytes(text)]);
}

/** The reply to an unauthenticated client: the result in a KRB-ERROR, which anybody can read. */
export function framePasswordError(
  result: PasswordResult,
  { now, server, errorCode = KRB_ERR_GENERIC }: { now: number; server: Principal; errorCode?: number },
): Uint8Array {
  const error = KrbError.encode({
    stime: new Date(now),
    susec: Math.floor(now % 1000) * 1000,
    errorCode,
    realm: server.realm,
    sname: toPrincipalName(server),
    eData: encodePasswordResult(result),
  });
  return framePasswordReply(new Uint8Array(0), error);
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
