import { errorName } from '../../messages/error-codes.ts';
import { padataName } from '../../messages/padata-names.ts';
import { etypeText } from '../etype-text.ts';

/** Names by numbers; of flags by their bits, of which 0 is the highest. */
export type Names = Readonly<Record<number, string>>;

const NAME_TYPES: Names = {
  0: 'NT-UNKNOWN',
  1: 'NT-PRINCIPAL',
  2: 'NT-SRV-INST',
  3: 'NT-SRV-HST',
  4: 'NT-SRV-XHST',
  5: 'NT-UID',
  6: 'NT-X500-PRINCIPAL',
  7: 'NT-SMTP-NAME',
  10: 'NT-ENTERPRISE',
  11: 'NT-WELLKNOWN',
  12: 'NT-SRV-HST-DOMAIN',
  [-128]: 'NT-MS-PRINCIPAL',
  [-129]: 'NT-MS-PRINCIPAL-AND-ID',
  [-130]: 'NT-ENT-PRINCIPAL-AND-ID',
};

const AD_TYPES: Names = {
  1: 'AD-IF-RELEVANT',
  4: 'AD-KDC-ISSUED',
  5: 'AD-AND-OR',
  8: 'AD-MANDATORY-FOR-KDC',
  9: 'AD-INITIAL-VERIFIED-CAS',
  71: 'AD-FX-FAST-ARMOR',
  72: 'AD-FX-FAST-USED',
  96: 'AD-CAMMAC',
  97: 'AD-AUTHENTICATION-INDICATOR',
  128: 'AD-WIN2K-PAC',
  129: 'AD-ETYPE-NEGOTIATION',
  141: 'AD-TOKEN-RESTRICTIONS',
  142: 'AD-LOCAL',
  143: 'AD-AP-OPTIONS',
  144: 'AD-TARGET-PRINCIPAL',
  512: 'AD-SIGNTICKET',
};

const ADDRESS_TYPES: Names = { 2: 'IPv4', 3: 'directional', 20: 'NetBIOS', 24: 'IPv6' };

const CHECKSUM_TYPES: Names = {
  1: 'crc32',
  7: 'rsa-md5',
  12: 'hmac-sha1-des3-kd',
  14: 'sha1',
  15: 'hmac-sha1-96-aes128',
  16: 'hmac-sha1-96-aes256',
  17: 'cmac-camellia128',
  18: 'cmac-camellia256',
  19: 'hmac-sha256-128-aes128',
  20: 'hmac-sha384-192-aes256',
  [-138]: 'hmac-md5',
  32771: 'GSS-API (RFC 4121)',
};

const LAST_REQ_TYPES: Names = {
  0: 'none',
  1: 'last initial request for a TGT',
  2: 'last initial request',
  3: 'newest TGT used',
  4: 'last renewal',
  5: 'last request',
  6: 'password expires',
  7: 'account expires',
};

const PAC_BUFFERS: Names = {
  1: 'LOGON_INFO',
  2: 'CREDENTIALS_INFO',
  6: 'SERVER_CHECKSUM',
  7: 'PRIVSVR_CHECKSUM',
  10: 'CLIENT_INFO',
  11: 'DELEGATION_INFO',
  12: 'UPN_DNS_INFO',
  13: 'CLIENT_CLAIMS',
  14: 'DEVICE_INFO',
  15: 'DEVICE_CLAIMS',
  16: 'TICKET_CHECKSUM',
  17: 'ATTRIBUTES_INFO',
  18: 'REQUESTOR',
  19: 'FULL_CHECKSUM',
};

const NEGOTIATION_STATES: Names = {
  0: 'accept-completed',
  1: 'accept-incomplete',
  2: 'reject',
  3: 'request-mic',
};

const SPAKE_GROUPS: Names = { 1: 'edwards25519', 2: 'P-256', 3: 'P-384', 4: 'P-521' };

/** RFC 4556 §3.2.2. */
const TYPED_DATA: Names = {
  104: 'TD-TRUSTED-CERTIFIERS',
  105: 'TD-CERTIFICATE-INDEX',
  109: 'TD-DH-PARAMETERS',
  111: 'TD-CMS-DIGEST-ALGORITHMS',
  112: 'TD-CERT-DIGEST-ALGORITHMS',
};

/** What each field's numbers are called. */
const BY_FIELD: Readonly<Record<string, (number: number) => string | undefined>> = {
  nameType: number => NAME_TYPES[number],
  padataType: padataName,
  paType: padataName,
  adType: number => AD_TYPES[number],
  addrType: number => ADDRESS_TYPES[number],
  cksumtype: number => CHECKSUM_TYPES[number],
  lrType: number => LAST_REQ_TYPES[number],
  trType: number => (number === 1 ? 'DOMAIN-X500-COMPRESS' : undefined),
  armorType: number => (number === 1 ? 'FX_FAST_ARMOR_AP_REQUEST' : undefined),
  negState: number => NEGOTIATION_STATES[number],
  group: number => SPAKE_GROUPS[number],
  groups: number => SPAKE_GROUPS[number],
  factorType: number => (number === 1 ? 'SF-NONE' : undefined),
  dataType: number => TYPED_DATA[number],
  buffer: number => PAC_BUFFERS[number],
  errorCode: errorName,
  etype: etypeText,
  keytype: etypeText,
  enctype: etypeText,
};

/** What a number of a field is called, such as `NT-PRINCIPAL`. */
export function fieldName(field: string, number: number): string | undefined {
  return BY_FIELD[field]?.(number);
}

/** A number of a field with its name, such as `NT-PRINCIPAL (1)`. */
export function numberWithName(field: string, number: number): string {
  const name = fieldName(field, number);
  return name === undefined ? String(number) : `${name} (${number})`;
}

// RFC 4120 §5.3, §5.4.1 and §5.5.1, RFC 6806, RFC 6113, MS-SFU: bit 0 is the highest.

const TICKET_FLAGS: Names = {
  1: 'forwardable',
  2: 'forwarded',
  3: 'proxiable',
  4: 'proxy',
  5: 'may-postdate',
  6: 'postdated',
  7: 'invalid',
  8: 'renewable',
  9: 'initial',
  10: 'pre-authent',
  11: 'hw-authent',
  12: 'transited-policy-checked',
  13: 'ok-as-delegate',
  15: 'enc-pa-rep',
  16: 'anonymous',
};

/** RFC 6560 §4.1. */
const OTP_FLAGS: Names = {
  1: 'next-otp',
  2: 'combine',
  3: 'collect-pin',
  4: 'do-not-collect-pin',
  5: 'must-encrypt-nonce',
  6: 'separate-pin-required',
  7: 'check-digit',
};

const FLAGS: Readonly<Record<string, Names>> = {
  flags: TICKET_FLAGS,
  'PA-PAC-OPTIONS.flags': {
    0: 'claims',
    1: 'branch-aware',
    2: 'forward-to-full-dc',
    3: 'resource-based-constrained-delegation',
  },
  'OtpTokenInfo.flags': OTP_FLAGS,
  'PA-OTP-CHALLENGE.flags': OTP_FLAGS,
  'PA-OTP-REQUEST.flags': OTP_FLAGS,
  'S4UUserID.options': { 2: 'use-reply-key-usage' },
  apOptions: { 1: 'use-session-key', 2: 'mutual-required' },
  fastOptions: { 1: 'hide-client-names', 16: 'kdc-follow-referrals' },
  kdcOptions: {
    1: 'forwardable',
    2: 'forwarded',
    3: 'proxiable',
    4: 'proxy',
    5: 'allow-postdate',
    6: 'postdated',
    8: 'renewable',
    14: 'cname-in-addl-tkt',
    15: 'canonicalize',
    16: 'request-anonymous',
    26: 'disable-transited-check',
    27: 'renewable-ok',
    28: 'enc-tkt-in-skey',
    30: 'renew',
    31: 'validate',
  },
};

/** The flags of a field by their names, and the bits without one by their numbers; undefined where it has no flags. */
export function flagNames(field: string, flags: number): string | undefined {
  const names = FLAGS[field];
  return names && flagText(names, flags);
}

/** Flags by their names, and the bits without one by their numbers. */
export function flagText(names: Names, flags: number): string {
  const set = namesIn(names, flags);
  const hex = `0x${flags.toString(16).padStart(8, '0')}`;
  return set.length === 0 ? hex : `${set.join(', ')} (${hex})`;
}

/** The names of the flags that are set, in the order of their bits; `bit 14` for one without a name. */
export function flagList(field: string, flags: number): readonly string[] {
  return namesIn(FLAGS[field], flags);
}

function namesIn(names: Names | undefined, flags: number): readonly string[] {
  const set = Array.from({ length: 32 }, (_, bit) => bit).filter(bit => (flags << bit) & 0x80000000);
  return set.map(bit => names?.[bit] ?? `bit ${bit}`);
}
