// The constants of RFC 2744 by their names there, and the numbers by which npm's kerberos knows mechanisms.

/** Delegate the user's credentials to the acceptor. */
export const GSS_C_DELEG_FLAG = 1;
/** Have the acceptor authenticate itself. */
export const GSS_C_MUTUAL_FLAG = 2;
/** Refuse replayed messages. */
export const GSS_C_REPLAY_FLAG = 4;
/** Refuse messages out of sequence. */
export const GSS_C_SEQUENCE_FLAG = 8;
/** Messages can be encrypted; they always can. */
export const GSS_C_CONF_FLAG = 16;
/** Messages can be authenticated; they always can. */
export const GSS_C_INTEG_FLAG = 32;
/** Keep the user anonymous. */
export const GSS_C_ANON_FLAG = 64;
/** Messages can be protected before the context is complete. */
export const GSS_C_PROT_READY_FLAG = 128;
/** The context can be handed to another process. */
export const GSS_C_TRANS_FLAG = 256;

/** No mechanism in particular: Kerberos. */
export const GSS_C_NO_OID = 0;
/** Plain Kerberos tokens. */
export const GSS_MECH_OID_KRB5 = 9;
/** Kerberos tokens inside SPNEGO. */
export const GSS_MECH_OID_SPNEGO = 6;

/** The version of npm's kerberos with this API. */
export const version = '7.0.0';

/** The version of Node-API that npm's kerberos is built for; nothing here is native. */
export function definedNapiVersion(): string {
  return '9';
}
