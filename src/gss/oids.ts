/** The Kerberos mechanism (RFC 1964, RFC 4121). */
export const KRB5 = '1.2.840.113554.1.2.2';
/** The same as Windows calls it in SPNEGO, with one arc truncated to 16 bits (MS-SPNG §1.9). */
export const MS_KRB5 = '1.2.840.48018.1.2.2';
/** Kerberos user-to-user: the service has no key but that of its ticket-granting ticket (MS-KILE 3.4.5). */
export const KRB5_USER_TO_USER = '1.2.840.113554.1.2.2.3';
/** Kerberos by way of the acceptor, which passes requests on to the KDC (draft-ietf-kitten-iakerb). */
export const IAKERB = '1.3.6.1.5.2.5';
