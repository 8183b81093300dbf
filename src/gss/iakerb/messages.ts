import { OctetString } from '../../codec/der/primitives.ts';
import { DerReader } from '../../codec/der/reader.ts';
import { IakerbHeader } from '../../messages/proxy.ts';
import { frame, isFramed, type KerberosToken, TOK_IAKERB_PROXY, unframe } from '../framing.ts';
import { IAKERB } from '../oids.ts';

const TOKEN_ID = Uint8Array.of(TOK_IAKERB_PROXY >> 8, TOK_IAKERB_PROXY & 0xff);

/** The realm as MIT's library expects it. */
export function targetRealm(realm: string): Uint8Array {
  return OctetString.encode(Buffer.from(realm));
}

/** What a token carries: a request, or the reply to one. */
export interface ProxyMessage {
  readonly header: IakerbHeader;
  readonly message: Uint8Array;
}

/** The first token of an exchange, which has a frame; the others have none. */
export function firstProxyToken(carried: ProxyMessage): Uint8Array {
  return frame({ mechanism: IAKERB, tokenId: TOK_IAKERB_PROXY, message: bodyOf(carried) });
}

export function proxyToken(carried: ProxyMessage): Uint8Array {
  return Buffer.concat([TOKEN_ID, bodyOf(carried)]);
}

/** What a token carries; undefined for one that is not of the exchange. Throws CodecError, and GssError BAD_MECH. */
export function openProxyToken(token: Uint8Array): ProxyMessage | undefined {
  const body = isFramed(token) ? bodyIn(unframe(token)) : bodyWithoutFrame(token);
  if (body === undefined) return undefined;
  const input = new DerReader(body);
  const header = IakerbHeader.decode(input.element());
  return { header, message: input.bytes.subarray(input.offset) };
}

function bodyOf({ header, message }: ProxyMessage): Uint8Array {
  return Buffer.concat([IakerbHeader.encode(header), message]);
}

function bodyIn({ tokenId, message }: KerberosToken): Uint8Array | undefined {
  return tokenId === TOK_IAKERB_PROXY ? message : undefined;
}

function bodyWithoutFrame(token: Uint8Array): Uint8Array | undefined {
  const [high, low] = TOKEN_ID;
  return token[0] === high && token[1] === low ? token.subarray(TOKEN_ID.length) : undefined;
}
