/** The names of padata types in RFC 4120 §7.5.2 and IANA's registry. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'PA-TGS-REQ',
  2: 'PA-ENC-TIMESTAMP',
  3: 'PA-PW-SALT',
  11: 'PA-ETYPE-INFO',
  14: 'PA-PK-AS-REQ-OLD',
  15: 'PA-PK-AS-REP-OLD',
  16: 'PA-PK-AS-REQ',
  17: 'PA-PK-AS-REP',
  19: 'PA-ETYPE-INFO2',
  20: 'PA-SVR-REFERRAL-INFO',
  128: 'PA-PAC-REQUEST',
  129: 'PA-FOR-USER',
  130: 'PA-FOR-X509-USER',
  132: 'PA-AS-CHECKSUM',
  133: 'PA-FX-COOKIE',
  136: 'PA-FX-FAST',
  137: 'PA-FX-ERROR',
  138: 'PA-ENCRYPTED-CHALLENGE',
  141: 'PA-OTP-CHALLENGE',
  142: 'PA-OTP-REQUEST',
  147: 'PA-PKINIT-KX',
  149: 'PA-REQ-ENC-PA-REP',
  150: 'PA-AS-FRESHNESS',
  151: 'PA-SPAKE',
  165: 'PA-SUPPORTED-ENCTYPES',
  167: 'PA-PAC-OPTIONS',
};

/** The name of a padata type; undefined for a type without one. */
export function padataName(padataType: number): string | undefined {
  return NAMES[padataType];
}
