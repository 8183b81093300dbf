/** RFC 4752 §3.1: that messages are to be left as they are. */
const NO_LAYER = 1;
const OFFER_BYTES = 4;

/**
 * The message to wrap. For a user it is the answer to a server's offer of SASL layers: none, for the offer's size, and whom
 * to act as. Without one an offer is answered all the same, and anything that cannot be one is the message itself.
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
