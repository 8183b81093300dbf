// The numbers of RFC 2744 by their names there, and those that npm's kerberos knows the mechanisms by.

/** The acceptor is to have the user's credentials. */
export const GSS_C_DELEG_FLAG = 1;
/** The acceptor is to prove who it is. */
export const GSS_C_MUTUAL_FLAG = 2;
/** Messages that come again are to be refused. */
export const GSS_C_REPLAY_FLAG = 4;
/** Messages out of their order are to be refused. */
export const GSS_C_SEQUENCE_FLAG = 8;
/** Messages can be sealed; they always can. */
export const GSS_C_CONF_FLAG = 16;
/** Messages can be vouched for; they always can. */
export const GSS_C_INTEG_FLAG = 32;
/** The user is to be known by no name. */
export const GSS_C_ANON_FLAG = 64;
/** Messages can be protected before the context is complete. */
export const GSS_C_PROT_READY_FLAG = 128;
/** The context can be handed to another process. */
export const GSS_C_TRANS_FLAG = 256;

/** No mechanism in particular: Kerberos. */
export const GSS_C_NO_OID = 0;
/** Kerberos's own tokens. */
export const GSS_MECH_OID_KRB5 = 9;
/** Kerberos's tokens within those of SPNEGO. */
export const GSS_MECH_OID_SPNEGO = 6;

/** The version of npm's kerberos whose API this is. */
export const version = '7.0.0';

/** The version of Node's native interface that npm's kerberos is built for; there is nothing native here. */
export function definedNapiVersion(): string {
  return '9';
}
