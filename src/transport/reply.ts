const AS_REP = 0x6b;
const TGS_REP = 0x6d;
const KRB_ERROR = 0x7e;
const KDC_ERR_SVC_UNAVAILABLE = 29;
const KRB_ERR_RESPONSE_TOO_BIG = 52;

/** Why a reply does not end the search for an answer. */
export interface ReplyFault {
  readonly reason: string;
  /** Whether the answer exists and did not fit into a datagram. */
  readonly tooBig: boolean;
}

/** Whether a reply begins like a KDC's. */
export function isKdcReply([tag]: Uint8Array): boolean {
  return tag === AS_REP || tag === TGS_REP || tag === KRB_ERROR;
}

/** Whether a reply begins like a password server's: with its length, or as a KRB-ERROR. */
export function isKpasswdReply(reply: Uint8Array): boolean {
  return reply[0] === KRB_ERROR || (reply.length >= 6 && ((reply[0]! << 8) | reply[1]!) === reply.length);
}

/** What is wrong with a reply from a KDC, or undefined if it is the answer (RFC 4120 §3.1.3, §7.2.1). */
export async function replyFault(reply: Uint8Array): Promise<ReplyFault | undefined> {
  if (!isKdcReply(reply)) return { reason: 'the reply is not from a KDC', tooBig: false };
  return reply[0] === KRB_ERROR ? errorFault(reply) : undefined;
}

/** The same for a password server's reply: a message after its length and version, or a KRB-ERROR (RFC 3244 §2). */
export async function kpasswdFault(reply: Uint8Array): Promise<ReplyFault | undefined> {
  if (!isKpasswdReply(reply)) return { reason: 'the reply is not from a password server', tooBig: false };
  return reply[0] === KRB_ERROR ? errorFault(reply) : undefined;
}

async function errorFault(reply: Uint8Array): Promise<ReplyFault | undefined> {
  const { KrbError } = await import('../messages/krb-error.ts');
  try {
    const { errorCode } = KrbError.decode(reply);
    if (errorCode === KRB_ERR_RESPONSE_TOO_BIG) return { reason: 'KRB_ERR_RESPONSE_TOO_BIG', tooBig: true };
    if (errorCode === KDC_ERR_SVC_UNAVAILABLE) return { reason: 'KDC_ERR_SVC_UNAVAILABLE', tooBig: false };
    return undefined;
  } catch (error) {
    return { reason: `the reply is not a KRB-ERROR: ${(error as Error).message}`, tooBig: false };
  }
}
