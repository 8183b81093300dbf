import { bytesToText, textToBytes } from '../../codec/text.ts';
import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import type { SaslProtection } from './layer.ts';

/** The largest size that three octets can express. */
export const LARGEST_BUFFER = 0xffffff;
/** The maximum packet size that we announce by default. */
export const USUAL_BUFFER = 0x10000;

/** Bits of RFC 4752 §3.3, the strongest first. */
const BITS: Readonly<Record<SaslProtection, number>> = { confidentiality: 4, integrity: 2, none: 1 };
/** All protections, the strongest first. */
export const PROTECTIONS = Object.keys(BITS) as readonly SaslProtection[];

/**
 * The last message of either side: what it supports or has chosen, and as whom the client wants to act (RFC 4752 §3.1,
 * §3.2).
 */
export interface SaslChoice {
  readonly protections: readonly SaslProtection[];
  /** The longest packet that the sender of the message accepts. */
  readonly maximum: number;
  readonly authzid?: string | undefined;
}

/** The choice in a token that is authenticated but not encrypted. */
export function wrapChoice(context: SecurityContext, choice: SaslChoice): Uint8Array {
  const authzid = textToBytes(choice.authzid ?? '');
  const bits = choice.protections.reduce((sum, protection) => sum | BITS[protection], 0);
  const message = new Uint8Array(4 + authzid.length);
  new DataView(message.buffer).setUint32(0, choice.maximum);
  message[0] = bits;
  message.set(authzid, 4);
  return context.wrap(message, { seal: false });
}

/** The inverse of `wrapChoice`; undefined bits are ignored. Throws GssError as `unwrap` does, and DEFECTIVE_TOKEN. */
export function unwrapChoice(context: SecurityContext, token: Uint8Array): SaslChoice {
  const { message } = context.unwrap(token);
  if (message.length < 4) throw new GssError('DEFECTIVE_TOKEN', 'the message about layers ends early');
  const maximum = (message[1]! << 16) | (message[2]! << 8) | message[3]!;
  const authzid = message.length > 4 ? bytesToText(message.subarray(4)) : undefined;
  return { protections: PROTECTIONS.filter(name => message[0]! & BITS[name]), maximum, authzid };
}
