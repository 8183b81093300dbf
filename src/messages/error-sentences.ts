import { printable } from '../codec/text.ts';

/** KRB_ERR_GENERIC: its number says nothing, the text beside it does. */
const GENERIC = 60;

/** MIT's sentences for the error numbers of RFC 4120 §7.5.9 and of its extensions; scripts look for them. */
export const ERROR_SENTENCES: Readonly<Record<number, string>> = {
  0: 'No error',
  1: "Client's entry in database has expired",
  2: "Server's entry in database has expired",
  3: 'Requested protocol version not supported',
  4: "Client's key is encrypted in an old master key",
  5: "Server's key is encrypted in an old master key",
  6: 'Client not found in Kerberos database',
  7: 'Server not found in Kerberos database',
  8: 'Principal has multiple entries in Kerberos database',
  9: 'Client or server has a null key',
  10: 'Ticket is ineligible for postdating',
  11: 'Requested effective lifetime is negative or too short',
  12: 'KDC policy rejects request',
  13: "KDC can't fulfill requested option",
  14: 'KDC has no support for encryption type',
  15: 'KDC has no support for checksum type',
  16: 'KDC has no support for padata type',
  17: 'KDC has no support for transited type',
  18: "Client's credentials have been revoked",
  19: 'Credentials for server have been revoked',
  20: 'TGT has been revoked',
  21: 'Client not yet valid - try again later',
  22: 'Server not yet valid - try again later',
  23: 'Password has expired',
  24: 'Preauthentication failed',
  25: 'Additional pre-authentication required',
  26: "Requested server and ticket don't match",
  27: 'Server principal valid for user2user only',
  28: 'KDC policy rejects transited path',
  29: 'A service is not available that is required to process the request',
  31: 'Decrypt integrity check failed',
  32: 'Ticket expired',
  33: 'Ticket not yet valid',
  34: 'Request is a replay',
  35: "The ticket isn't for us",
  36: "Ticket/authenticator don't match",
  37: 'Clock skew too great',
  38: 'Incorrect net address',
  39: 'Protocol version mismatch',
  40: 'Invalid message type',
  41: 'Message stream modified',
  42: 'Message out of order',
  44: 'Key version is not available',
  45: 'Service key not available',
  46: 'Mutual authentication failed',
  47: 'Incorrect message direction',
  48: 'Alternative authentication method required',
  49: 'Incorrect sequence number in message',
  50: 'Inappropriate type of checksum in message',
  51: 'Policy rejects transited path',
  52: 'Response too big for UDP, retry with TCP',
  60: 'Generic error (see e-text)',
  61: 'Field is too long for this implementation',
  62: 'Client not trusted',
  63: 'KDC not trusted',
  64: 'Invalid signature',
  65: 'Key parameters not accepted',
  66: 'Certificate mismatch',
  67: 'No ticket granting ticket',
  68: 'Realm not local to KDC',
  69: 'User to user required',
  70: "Can't verify certificate",
  71: 'Invalid certificate',
  72: 'Revoked certificate',
  73: 'Revocation status unknown',
  74: 'Revocation status unavailable',
  75: 'Client name mismatch',
  76: 'KDC name mismatch',
  77: 'Inconsistent key purpose',
  78: 'Digest in certificate not accepted',
  79: 'Checksum must be included',
  80: 'Digest in signed-data not accepted',
  81: 'Public key encryption not supported',
  85: 'The IAKERB proxy could not find a KDC',
  86: 'The KDC did not respond to the IAKERB proxy',
  90: 'Pre-authentication has expired',
  91: 'More preauthentication data is required',
  93: 'An unsupported critical FAST option was requested',
};

/** What a KRB-ERROR says, or what our own side has to say about one. */
export interface NumberedReason {
  /** KDC_ERROR for an error of a KDC; any other code is that of a service. */
  readonly code: string;
  /** The error number of RFC 4120 §7.5.9. */
  readonly errorCode: number;
  /** The sender's additional text. */
  readonly eText?: string | undefined;
  /** What our own side adds. */
  readonly detail?: string | undefined;
}

/** One sentence, without a period, for an error of RFC 4120 §5.9.1; no control characters are left in it. */
export function errorSentence({ code, errorCode, eText, detail }: NumberedReason): string {
  const sender = code === 'KDC_ERROR' ? 'KDC' : 'The service';
  if (errorCode === GENERIC && eText) return `${sender} returned error string: ${printable(eText)}`;
  if (errorCode === GENERIC && detail) return `Generic error: ${printable(detail)}`;
  const text = ERROR_SENTENCES[errorCode] ?? `Unknown code krb5 ${errorCode}`;
  return detail === undefined ? text : `${text} (${printable(detail)})`;
}

/** The sentence for KDC_ERR_C_PRINCIPAL_UNKNOWN with the client's name. */
export function clientNotFound(name: string): string {
  return `Client '${name}' not found in Kerberos database`;
}

/** The sentence for KDC_ERR_S_PRINCIPAL_UNKNOWN with the server's name. */
export function serverNotFound(name: string): string {
  return `Server ${name} not found in Kerberos database`;
}
