// Name types, RFC 4120 §6.2 and RFC 8062 §3.
export const NT_UNKNOWN = 0;
export const NT_PRINCIPAL = 1;
export const NT_SRV_INST = 2;
export const NT_SRV_HST = 3;
export const NT_ENTERPRISE = 10;
export const NT_WELLKNOWN = 11;

// Pre-authentication data types, RFC 4120 §7.5.2 and IANA.
export const PA_TGS_REQ = 1;
export const PA_ENC_TIMESTAMP = 2;
export const PA_PW_SALT = 3;
export const PA_ETYPE_INFO = 11;
export const PA_PK_AS_REQ = 16;
export const PA_PK_AS_REP = 17;
export const PA_ETYPE_INFO2 = 19;
export const PA_SVR_REFERRAL_INFO = 20;
export const PA_PAC_REQUEST = 128;
export const PA_FX_COOKIE = 133;
export const PA_FX_FAST = 136;
export const PA_FX_ERROR = 137;
export const PA_ENCRYPTED_CHALLENGE = 138;
/** RFC 8062 §7. */
export const PA_PKINIT_KX = 147;
export const PA_OTP_CHALLENGE = 141;
export const PA_OTP_REQUEST = 142;
export const PA_REQ_ENC_PA_REP = 149;
/** RFC 8070. */
export const PA_AS_FRESHNESS = 150;
export const PA_SPAKE = 151;

/** RFC 6113 §5.4.1.1, the only type of armor that is defined. */
export const FX_FAST_ARMOR_AP_REQUEST = 1;

// Typed data of errors, RFC 4556 §3.1.3.
export const TD_TRUSTED_CERTIFIERS = 104;
export const TD_INVALID_CERTIFICATES = 105;
export const TD_DH_PARAMETERS = 109;

// Address types, RFC 4120 §7.5.3.
export const ADDR_INET = 2;
export const ADDR_INET6 = 24;

// Key usages, RFC 4120 §7.5.1.
export const KU_AS_REQ_PA_ENC_TS = 1;
export const KU_TICKET = 2;
export const KU_AS_REP = 3;
export const KU_TGS_REQ_AD_SESSKEY = 4;
export const KU_TGS_REQ_AD_SUBKEY = 5;
export const KU_TGS_REQ_CKSUM = 6;
export const KU_TGS_REQ_AUTHENTICATOR = 7;
export const KU_TGS_REP_SESSKEY = 8;
export const KU_TGS_REP_SUBKEY = 9;
export const KU_AP_REQ_CKSUM = 10;
export const KU_AP_REQ_AUTHENTICATOR = 11;
export const KU_AP_REP = 12;
export const KU_KRB_PRIV = 13;
export const KU_KRB_CRED = 14;
/** draft-ietf-kitten-iakerb §4, as MIT's library numbers it. */
export const KU_IAKERB_FINISHED = 42;
// Key usages of FAST, RFC 6113 §5.4.
export const KU_FAST_REQ_CHKSUM = 50;
export const KU_FAST_ENC = 51;
export const KU_FAST_REP = 52;
export const KU_FAST_FINISHED = 53;
export const KU_ENC_CHALLENGE_CLIENT = 54;
export const KU_ENC_CHALLENGE_KDC = 55;
/** RFC 8062 §7. */
export const KU_PA_PKINIT_KX = 44;
/** RFC 6560 §6. */
export const KU_PA_OTP_REQUEST = 45;
/** RFC 6806 §11, the checksum of PA-REQ-ENC-PA-REP. */
export const KU_AS_REQ_CKSUM = 56;
/** RFC 9588 §11, for the factor in a response and all messages after it. */
export const KU_SPAKE = 65;
/** The key usage of krb5kdc's cookies (RFC 6113 §5.2 leaves it to the KDC). */
export const KU_PA_FX_COOKIE = 513;
/** The key usage of krb5kdc's freshness tokens (RFC 8070 §2 leaves it to the KDC). */
export const KU_AS_FRESHNESS = 514;
