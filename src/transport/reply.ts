const AS_REP = 0x6b;
const TGS_REP = 0x6d;
const KRB_ERROR = 0x7e;
const KDC_ERR_SVC_UNAVAILABLE = 29;
const KRB_ERR_RESPONSE_TOO_BIG = 52;

/** Why a reply does not end the search for an answer. */
export interface ReplyFault {
  readonly reason: string;
  /** The answer exists and did not fit into a datagram. */
  readonly tooBig: boolean;
}

/** What is wrong with a reply from a KDC, or undefined where it is the answer (RFC 4120 §3.1.3, §7.2.1). */
export async function replyFault(reply: Uint8Array): Promise<ReplyFault | undefined> {
  switch (reply[0]) {
    case AS_REP:
    case TGS_REP:
      return undefined;
    case KRB_ERROR:
      return errorFault(reply);
    default:
      return { reason: 'the reply is not from a KDC', tooBig: false };
  }
}

/** The same for a password server's reply: after its length and version, or a KRB-ERROR (RFC 3244 §2). */
export async function kpasswdFault(reply: Uint8Array): Promise<ReplyFault | undefined> {
  if (reply[0] === KRB_ERROR) return errorFault(reply);
  const length = reply.length < 6 ? -1 : (reply[0]! << 8) | reply[1]!;
  return length === reply.length
    ? undefined
    : { reason: 'the reply is not from a password server', tooBig: false };
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
