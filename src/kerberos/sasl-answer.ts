/** RFC 4752 §3.1: no security layer. */
const NO_LAYER = 1;
const OFFER_BYTES = 4;

/**
 * The message to wrap. If a user is given, it is the answer to a server's offer of SASL layers: no layer, the offered
 * size, and the user to act as. Without a user, an offer is answered likewise; anything that cannot be an offer is the
 * message itself.
 */
export function saslAnswer(message: Uint8Array, user: unknown): Uint8Array {
  if (typeof user !== 'string' && message.length !== OFFER_BYTES) return message;
  const name = Buffer.from(typeof user === 'string' ? user : '');
  const answer = new Uint8Array(OFFER_BYTES + name.length);
  answer.set(message.subarray(0, OFFER_BYTES));
  answer[0] = NO_LAYER;
  answer.set(name, OFFER_BYTES);
  return answer;
}
