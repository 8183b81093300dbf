import { bytesToText, textToBytes } from '../codec/text.ts';
import { CodecError, KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { isKrbError, KdcError, KrbError } from '../messages/krb-error.ts';
import { ADDR_INET } from '../messages/numbers.ts';
import { ChangePasswdData } from '../messages/password.ts';
import { type Principal, toPrincipalName } from '../messages/principal.ts';
import type { Transport } from '../transport/transport.ts';
import { type ApRequest, createApReq } from './initiator.ts';
import { explainPasswordPolicy } from './password-policy.ts';
import { openPriv, sealPriv } from './priv.ts';
import { protocolKey } from './session.ts';

export interface ChangePasswordOptions {
  /** Carries requests to a password server of a realm. */
  readonly transport: Transport;
  /** The principal whose password is set; if not given, the client changes its own. */
  readonly target?: Principal | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** The KDC's clock minus ours in milliseconds. */
  readonly kdcOffset?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a request to a password server. */
export interface PasswordOutcome {
  /**
   * `unproven`: an error message, which anybody can forge, reports success, as Windows Server 2025 does; only using the
   * new password tells whether that is true.
   */
  readonly status: 'changed' | 'rejected' | 'unproven';
  /** Whether the password was rejected for not being good enough. */
  readonly soft: boolean;
  /** The result code of RFC 3244 §2 in words. */
  readonly result: string;
  /** The server's own words, or its policy in ours; empty if there are none. */
  readonly text: string;
}

const CHANGE_VERSION = 1;
const SET_VERSION = 0xff80;
const HEADER_BYTES = 6;
const SUCCESS = 0;
const SOFT_ERROR = 4;
/** Servers ignore it, and behind a NAT nobody knows the address that they would see. */
const NO_ADDRESS = { addrType: ADDR_INET, address: new Uint8Array(4) };

/** MIT's words for the result codes of RFC 3244 §2. */
const RESULTS = [
  'Success',
  'Malformed request error',
  'Server error',
  'Authentication error',
  'Password change rejected',
  'Access denied',
  'Wrong protocol version',
  'Initial password required',
];

/**
 * Changes the client's password, or sets another's (RFC 3244), with an initial ticket for `kadmin/changepw`. Resolves
 * to the outcome that the server has authenticated. Throws KdcError SERVER_REFUSED, TransportError, IntegrityError,
 * CodecError and KerberosError MUTUAL_FAILED.
 */
export async function changePassword(
  credential: Credential,
  newPassword: string,
  options: ChangePasswordOptions,
): Promise<PasswordOutcome> {
  const request = createApReq(credential, { ...options, subkey: true, sequenceNumber: true });
  const reply = await options.transport(
    credential.server.realm,
    encodeRequest(request, newPassword, options.target),
    options.signal,
  );
  return readReply(reply, request);
}

function encodeRequest(
  { apReq, session }: ApRequest,
  password: string,
  target: Principal | undefined,
): Uint8Array {
  const newPasswd = textToBytes(password);
  const userData =
    target === undefined
      ? newPasswd
      : ChangePasswdData.encode({ newPasswd, targName: toPrincipalName(target), targRealm: target.realm });
  const priv = sealPriv(userData, protocolKey(session), {
    seqNumber: session.initiatorSequence!,
    sAddress: NO_ADDRESS,
  });
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(HEADER_BYTES + apReq.length + priv.length, 0);
  header.writeUInt16BE(target === undefined ? CHANGE_VERSION : SET_VERSION, 2);
  header.writeUInt16BE(apReq.length, 4);
  return Buffer.concat([header, apReq, priv]);
}

function readReply(reply: Uint8Array, request: ApRequest): PasswordOutcome {
  if (isKrbError(reply)) return readError(reply);
  const { length } = reply;
  if (length < HEADER_BYTES || u16(reply, 0) !== length)
    throw new CodecError('not a reply of a password server');
  const apRepEnd = HEADER_BYTES + u16(reply, 4);
  const body = reply.subarray(apRepEnd);
  if (apRepEnd > length) throw new CodecError('not a reply of a password server');
  // Without an AP-REP, a KRB-ERROR follows (RFC 3244 §2).
  if (apRepEnd === HEADER_BYTES) return readError(body);
  const session = request.verify(reply.subarray(HEADER_BYTES, apRepEnd));
  const { userData, seqNumber } = openWith(body, [session.acceptorSubkey, session.initiatorSubkey]);
  if (seqNumber !== session.acceptorSequence) {
    throw new KerberosError('REPLY_MODIFIED', 'KDC reply did not match expectations');
  }
  const { code, text } = readResult(userData);
  return outcome(code === SUCCESS ? 'changed' : 'rejected', code, text);
}

/** Active Directory answers under the subkey that we chose, although it chooses one as well. */
function openWith(message: Uint8Array, keys: readonly (Parameters<typeof openPriv>[1] | undefined)[]) {
  let failure: unknown;
  for (const key of keys) {
    if (key === undefined) continue;
    try {
      return openPriv(message, key);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** The result in the e-data of a KRB-ERROR; an error without one is thrown. */
function readError(message: Uint8Array): PasswordOutcome {
  const error = KrbError.decode(message);
  const result = error.eData === undefined ? undefined : tryReadResult(error.eData);
  if (result === undefined) throw new KdcError(error, 'SERVER_REFUSED');
  return outcome(result.code === SUCCESS ? 'unproven' : 'rejected', result.code, result.text);
}

function readResult(data: Uint8Array): { readonly code: number; readonly text: Uint8Array } {
  if (data.length < 2) throw new CodecError('a result without a code');
  return { code: u16(data, 0), text: data.subarray(2) };
}

function tryReadResult(data: Uint8Array) {
  return data.length < 2 || u16(data, 0) >= RESULTS.length ? undefined : readResult(data);
}

function outcome(status: PasswordOutcome['status'], code: number, text: Uint8Array): PasswordOutcome {
  return {
    status,
    soft: code === SOFT_ERROR,
    result: RESULTS[code] ?? 'Password change failed',
    text: explainPasswordPolicy(text) ?? bytesToText(text).replace(/\0+$/, ''),
  };
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
