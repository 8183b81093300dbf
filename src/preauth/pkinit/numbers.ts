// The content types of the signed data, RFC 4556 §3.2.1 and §3.2.3.1.

export const ID_PKINIT_AUTH_DATA = '1.3.6.1.5.2.3.1';
export const ID_PKINIT_DH_KEY_DATA = '1.3.6.1.5.2.3.2';
