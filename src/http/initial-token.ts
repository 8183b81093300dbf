import { KerberosError } from '../errors.ts';
import { isFramed, TOK_AP_REP, unframe } from '../gss/framing.ts';

const AP_REQ_TAG = 0x6e;
const NTLMSSP = 'NTLMSSP';

/**
 * Whether a token begins a new context rather than continuing one: it has the frame of RFC 2743 §3.1, or is one that
 * Windows sends without a frame.
 */
export function isInitialToken(token: Uint8Array): boolean {
  if (isFramed(token)) return !isThirdLeg(token);
  return token[0] === AP_REQ_TAG || Buffer.from(token.subarray(0, NTLMSSP.length)).toString() === NTLMSSP;
}

/**
 * Whether it is the initiator's AP-REP (MS-KILE §3.4.5.1), the only token with a frame that does not begin a context.
 */
function isThirdLeg(token: Uint8Array): boolean {
  try {
    return unframe(token).tokenId === TOK_AP_REP;
  } catch (error) {
    if (error instanceof KerberosError) return false;
    throw error;
  }
}
