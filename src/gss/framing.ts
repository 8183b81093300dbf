import { ObjectIdentifier } from '../codec/der/primitives.ts';
import { DerReader } from '../codec/der/reader.ts';
import { CodecError } from '../errors.ts';
import { GssError } from './gss-error.ts';
import { IAKERB, KRB5, KRB5_USER_TO_USER, MS_KRB5 } from './oids.ts';

// The token identifiers of RFC 4121 §4.1, and those of user-to-user authentication and IAKERB.
export const TOK_AP_REQ = 0x0100;
export const TOK_AP_REP = 0x0200;
export const TOK_ERROR = 0x0300;
export const TOK_TGT_REQ = 0x0400;
export const TOK_TGT_REP = 0x0401;
export const TOK_IAKERB_PROXY = 0x0501;

/** A context token of the Kerberos mechanism. */
export interface KerberosToken {
  /** The mechanism's object identifier in dotted form. */
  readonly mechanism: string;
  readonly tokenId: number;
  readonly message: Uint8Array;
}

const INITIAL_TOKEN = 0x60;
const mechanisms: readonly string[] = [KRB5, MS_KRB5, KRB5_USER_TO_USER, IAKERB];
/** The object identifiers in DER, made when first needed. */
const encoded = new Map<string, Uint8Array>();

/** A token within the frame of RFC 2743 §3.1. */
export function frame({ mechanism, tokenId, message }: KerberosToken): Uint8Array {
  const oid = derOf(mechanism);
  const length = oid.length + 2 + message.length;
  const start = 1 + lengthOctets(length);
  // Short Buffers come from Node's pool, so that no memory is allocated for each token.
  const token = Buffer.allocUnsafe(start + length);
  token[0] = INITIAL_TOKEN;
  token[1] = length < 0x80 ? length : 0x80 | (start - 2);
  for (let at = start - 1, rest = length; at > 1; at--, rest >>>= 8) token[at] = rest & 0xff;
  token.set(oid, start);
  const at = start + oid.length;
  token[at] = tokenId >> 8;
  token[at + 1] = tokenId & 0xff;
  token.set(message, at + 2);
  return token;
}

/** The inverse of `frame`. Throws CodecError, and GssError BAD_MECH for a token of another mechanism. */
export function unframe(token: Uint8Array): KerberosToken {
  const input = new DerReader(token);
  if (input.open(INITIAL_TOKEN) !== token.length) throw new CodecError('bytes left over', ['InitialToken']);
  const mechanism = mechanismOf(input.element());
  const { bytes, offset } = input;
  if (bytes.length < offset + 2) throw new CodecError('ends early', ['InitialToken', 'tokenId']);
  const tokenId = (bytes[offset]! << 8) | bytes[offset + 1]!;
  return { mechanism, tokenId, message: bytes.subarray(offset + 2) };
}

/** Whether a token has a frame; the bare messages of Kerberos begin with tags of their own. */
export function isFramed(token: Uint8Array): boolean {
  return token[0] === INITIAL_TOKEN;
}

function mechanismOf(oid: Uint8Array): string {
  const known = mechanisms.find(name => Buffer.compare(derOf(name), oid) === 0);
  if (known === undefined) throw new GssError('BAD_MECH', `a token of ${ObjectIdentifier.decode(oid)}`);
  return known;
}

function derOf(oid: string): Uint8Array {
  const known = encoded.get(oid);
  if (known !== undefined) return known;
  const der = ObjectIdentifier.encode(oid);
  encoded.set(oid, der);
  return der;
}

/** How many octets a length takes in DER. */
function lengthOctets(length: number): number {
  let octets = 1;
  if (length >= 0x80) for (let rest = length; rest > 0; rest >>>= 8) octets++;
  return octets;
}
