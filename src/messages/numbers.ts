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
export const PA_ETYPE_INFO2 = 19;
export const PA_SVR_REFERRAL_INFO = 20;
export const PA_PAC_REQUEST = 128;
export const PA_FX_COOKIE = 133;
export const PA_FX_FAST = 136;
export const PA_REQ_ENC_PA_REP = 149;

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
/** RFC 6806 §11, the checksum of PA-REQ-ENC-PA-REP. */
export const KU_AS_REQ_CKSUM = 56;
