import { enctypeText } from '../../client/telling.ts';
import type { ErrorCode } from '../../errors.ts';
import { ConfigError } from '../../errors.ts';
import { cacheHint } from './cache-hints.ts';
import { enctypesPlace, keyHint, permitClientsEnctype } from './key-hints.ts';
import { realmHint } from './realm-hints.ts';
import type { Story } from './story.ts';

/** The one thing to try; a function may return undefined if its row does not fit. */
type Hint = string | ((story: Story) => string | undefined);

/** By the error number that a KDC or a service returned: RFC 4120 §7.5.9 and extensions. */
const BY_NUMBER: Readonly<Record<number, Hint>> = {
  1: "the account has expired: ask the realm's administrator to prolong it",
  2: "the service's account has expired: ask the realm's administrator to prolong it",
  6: unknownClient,
  7: unknownServer,
  9: "the account has no key: ask the realm's administrator to set a password",
  10: 'the KDC gives no postdated tickets here: ask without a start time',
  11: 'ask for a longer lifetime, or for a ticket that begins before it ends',
  12: "the realm's policy refuses this account, service or time: ask the realm's administrator",
  13: 'ask without what the KDC cannot grant: renewing a ticket that is not renewable, forwarding, or delegation that is not allowed',
  14: enctypesLacking,
  15: 'permit the checksums of the AES enctypes: see permitted_enctypes in [libdefaults]',
  16: 'the KDC knows no such pre-authentication: try without PKINIT, FAST or one-time passwords',
  18: "the account is locked or disabled: wait if wrong passwords locked it, or ask the realm's administrator",
  19: "the service's account is locked or disabled: ask the realm's administrator",
  20: 'get a new ticket with kinit',
  21: 'the account is not valid yet: wait, or compare the clocks',
  22: "the service's account is not valid yet: wait, or compare the clocks",
  23: expiredPassword,
  24: keyHint,
  25: keyHint,
  27: 'this service has no key of its own: ask with --u2u and the cache of its ticket-granting ticket',
  28: "the way between the realms is not allowed: see [capaths], and the realms' trusts",
  29: 'the KDC cannot do its work at the moment: wait, or name another KDC of the realm',
  31: keyHint,
  32: 'get a new ticket with kinit',
  33: clockOr('the ticket is postdated: wait until it begins, then validate it with kinit -v'),
  34: 'try once more: a second request like this one came too soon after it',
  36: 'get a new ticket with kinit',
  37: 'set your clock right, by NTP for instance',
  38: 'the ticket is for other addresses: get one with kinit -A',
  41: 'somebody between you and the KDC changes messages, or the two do not agree about keys: get a new ticket with kinit',
  44: 'the service has another version of its key than the KDC: renew its keytab',
  45: "the service's keytab lacks its key: renew its keytab",
  50: 'permit a stronger checksum: see permitted_enctypes in [libdefaults]',
  52: 'let TCP to the port of the KDC through: the answer is too long for UDP',
  60: "the KDC's own log says more: ask the realm's administrator",
  62: "the KDC does not trust your certificate: have it issued by a CA that is among the KDC's anchors",
  63: 'the KDC has no certificate for PKINIT: ask for a ticket with a password',
  64: 'check that the private key is that of the certificate',
  65: 'the KDC wants stronger Diffie-Hellman parameters: see pkinit_dh_min_bits',
  66: "use a certificate that names this principal: its SAN and the KDC's mapping decide",
  67: 'get a new ticket with kinit',
  68: 'the account is in another realm: name it after the @, or let the KDC say with kinit -C',
  69: 'ask with --u2u and the cache of the ticket-granting ticket of whoever runs the service',
  70: "the KDC cannot verify your certificate: send the CAs between it and the KDC's anchor along, in the same file",
  71: 'the KDC finds your certificate faulty: have a new one issued',
  72: 'your certificate has been revoked: have a new one issued',
  73: "the KDC finds no revocation list for your certificate: ask the realm's administrator",
  74: "the KDC finds no revocation list for your certificate: ask the realm's administrator",
  75: "use a certificate that names this principal: its SAN and the KDC's mapping decide",
  76: "check pkinit_anchors and pkinit_kdc_hostname: the KDC's certificate is another's",
  77: 'use a certificate whose extended key usage is for PKINIT or for smart card logon',
  79: 'use a newer PKINIT client: the KDC wants a checksum that was not sent',
  80: 'have a certificate issued that is signed with SHA-256 or better',
  81: 'the KDC wants Diffie-Hellman: leave out pkinit options that choose RSA',
  90: 'be quicker with the answers: begin anew with kinit',
  91: keyHint,
  93: 'the KDC does not know this kind of FAST: try without -T',
};

/** By the error that was detected on our side. */
const BY_CODE: Partial<Readonly<Record<ErrorCode, Hint>>> = {
  ENCTYPE_UNSUPPORTED: enctypesLacking,
  INPUT_TOO_LONG: 'check that it is the right file: its contents are larger than any that are expected here',
  PRINCIPAL_MALFORMED: 'write it as name@REALM or service/host@REALM, with a backslash before other @ and /',
  CONFIG_SYNTAX: faultyLine,
  CONFIG_VALUE: faultyLine,
  CONFIG_UNREADABLE: faultyLine,
  CONFIG_NO_DEFAULT_REALM: noDefaultRealm,
  KEYTAB_NOT_FOUND:
    'check the path of the keytab: -t names one, and KRB5_KTNAME or KRB5_CLIENT_KTNAME the usual one',
  KEYTAB_FORMAT: 'the file is no keytab: have it made anew',
  KEYTAB_TYPE_UNKNOWN: 'write FILE: before the path of the keytab',
  KEYTAB_NO_KEY: keyHint,
  KEYTAB_IO: "check the keytab's permissions: only its owner and root may read it as a rule",
  CACHE_NOT_FOUND: 'get a ticket with kinit first',
  CREDENTIAL_NOT_FOUND: 'get a ticket with kinit, or leave out --cached-only',
  CACHE_FORMAT:
    'the cache is damaged, or is a keytab: look at it with klist -k, or name another one with -c or KRB5CCNAME',
  // No word of what would overwrite it: it may be anything.
  CACHE_VERSION: 'name another cache, with -c or KRB5CCNAME: this file is none, or of a version yet to come',
  CACHE_TYPE_UNKNOWN: 'name a cache of a type that there is, such as FILE:/path: see -c and KRB5CCNAME',
  CACHE_NAME: 'name another cache: see -c and KRB5CCNAME',
  CACHE_IO: 'check the permissions of the cache and of its directory, and whether the disk is full',
  CACHE_BUSY: 'wait for the other process that uses the cache, and try again',
  KEYCHAIN_UNAVAILABLE: 'keep the tickets in a file: -c FILE:/path, or KRB5CCNAME',
  KEYCHAIN_LOCKED: 'unlock the keychain and try again',
  KEYCHAIN_KEY_LOST: 'get a new ticket with kinit, which discards those that nothing can open any more',
  KEYCHAIN_PASSPHRASE:
    'give the passphrase at a terminal, or in the file that KRB5KIT_PASSPHRASE_FILE names; if it is forgotten, krb5kit logout begins anew',
  KEYCHAIN_TIMEOUT: 'see whether the keychain waits for an answer in a window of its own',
  REALM_UNKNOWN: realmHint,
  KDC_UNREACHABLE: realmHint,
  REPLY_SKEW: 'set your clock right, by NTP for instance, or let kdc_timesync allow for the difference',
  REPLY_MODIFIED:
    'somebody between you and the KDC changes messages, or another realm answers: check the KDC addresses above',
  PASSWORD_INCORRECT: keyHint,
  PASSWORD_UNREAD: 'give the password on standard input or at a terminal; kinit -k -t takes a keytab instead',
  PASSWORD_NOT_CHANGED: "choose a password that the realm's policy allows: the server said what it wants",
  PASSWORD_MISMATCH: 'type the same new password twice',
  PREAUTH_FAILED: keyHint,
  PKINIT_IDENTITY:
    'check the files of -X X509_user_identity= or pkinit_identities: certificate, key and its passphrase',
  KDC_NOT_TRUSTED:
    "name the CA of the KDC's certificate with -X X509_anchors=FILE:PATH or pkinit_anchors, and its host with pkinit_kdc_hostname",
  FAST_REQUIRED: 'try without -T: this KDC knows no FAST',
  NO_TGT: 'the ticket is postdated: wait until it begins, then validate it with kinit -v',
  TICKET_EXPIRED: 'get a new ticket with kinit',
  S4U_IGNORED: 'this KDC does not know S4U: ask the KDC of another version or realm',
  SERVER_REFUSED: clockOr("the server's own log says more: ask its administrator"),
  MUTUAL_FAILED: "the service may be somebody else's: check its host and keytab",
};

/** The one thing to try after a failure; undefined if nothing helps. */
export function hintFor(story: Story): string | undefined {
  const { number, errors } = story;
  for (const error of errors) {
    const { code } = error;
    // An error found on our side says more than the KDC's answer that caused it.
    const hint =
      code === 'KDC_ERROR' && number !== undefined ? BY_NUMBER[number] : (cacheHint(error) ?? BY_CODE[code]);
    const text = typeof hint === 'function' ? hint(story) : hint;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** The hint for a number of RFC 4120 §7.5.9 or a code regardless of what led to it; undefined if that matters. */
export function usualHint({
  number,
  code,
}: {
  readonly number?: number | undefined;
  readonly code?: ErrorCode | undefined;
}): string | undefined {
  const hint = number === undefined ? code && BY_CODE[code] : BY_NUMBER[number];
  return typeof hint === 'string' ? hint : undefined;
}

function clockOr(otherwise: string): Hint {
  return ({ clock }) => (clock === undefined ? otherwise : 'set your clock right, by NTP for instance');
}

function unknownClient(story: Story): string | undefined {
  const realm = realmHint(story);
  if (realm !== undefined) return realm;
  const asked = story.request;
  const others = realmsOf(story).filter(name => name !== asked?.realm);
  const elsewhere = others.length === 0 ? '' : `, and the realm: ${others.join(', ')} are configured as well`;
  return `check the spelling of ${asked?.client ?? 'the name'}${elsewhere}; kinit -E takes a mail address, kinit -C the KDC's own spelling`;
}

function unknownServer(story: Story): string | undefined {
  const asked = [...new Set(story.all('request').map(({ server }) => server))];
  const last = asked.at(-1) ?? '';
  if (last.startsWith('krbtgt/')) {
    return `the realm knows no way to ${last.slice('krbtgt/'.length).split('@')[0]}: check [domain_realm], [capaths] and the trust`;
  }
  if (last.startsWith('kadmin/')) {
    return "this realm's KDC has no service for new passwords: ask the realm's administrator";
  }
  const names = asked.filter(name => !name.startsWith('krbtgt/'));
  return `check the service and the host's full name (asked for: ${names.join(', ')}; aliases were accepted), and whether [domain_realm] gives the host its realm`;
}

function expiredPassword(story: Story): string {
  return `choose a new password: kpasswd ${story.request?.client ?? ''}`.trimEnd();
}

function enctypesLacking(story: Story): string {
  const { enctypes: ours = [] } = story.request ?? {};
  const hints = story.last('hints');
  if (hints !== undefined && hints.enctype === undefined) return permitClientsEnctype(story);
  const place = enctypesPlace(story);
  return place === undefined
    ? 'have a new password or key set for the account: the KDC has none of an enctype that is offered here'
    : `permit more than ${ours.map(enctypeText).join(', ')}, for the KDC has no such key or does not allow it: see ${place}`;
}

function faultyLine({ errors }: Story): string | undefined {
  const error = errors.find(each => each instanceof ConfigError);
  if (error?.file === undefined) return undefined;
  return `correct ${error.file}${error.line ? `, line ${error.line}` : ''}`;
}

function noDefaultRealm(story: Story): string {
  const files = story.last('config')?.files ?? [];
  return `write the realm after the name, as in alice@EXAMPLE.COM, or set default_realm in [libdefaults] of ${files[0] ?? 'krb5.conf'}`;
}

/** The realms in the configuration. */
function realmsOf({ config }: Story): readonly string[] {
  return config?.profile.names('realms') ?? [];
}
