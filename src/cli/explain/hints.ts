import { enctypeText } from '../../client/telling.ts';
import { errnoOf } from '../../errno.ts';
import type { ErrorCode, KerberosError } from '../../errors.ts';
import { ConfigError } from '../../errors.ts';
import { cacheHint } from './cache-hints.ts';
import { unknownClient } from './client-hints.ts';
import { enctypesPlace, keyHint, permitClientsEnctype } from './key-hints.ts';
import { realmHint } from './realm-hints.ts';
import { secretHint, unreadPassword } from './secret-hints.ts';
import { unknownServer } from './server-hints.ts';
import type { Story } from './story.ts';

/** The one thing to try; a function may return undefined if its row does not fit. */
type Hint = string | ((story: Story) => string | undefined);

/** By the error number that a KDC or a service returned: RFC 4120 §7.5.9 and extensions. */
const BY_NUMBER: Readonly<Record<number, Hint>> = {
  1: "the account has expired: ask the realm's administrator to extend it",
  2: "the service's account has expired: ask the realm's administrator to extend it",
  6: unknownClient,
  7: unknownServer,
  8: 'two accounts have this name or SPN: remove one of them; in Active Directory, setspn -X finds them',
  9: "the account has no key: ask the realm's administrator to set a password",
  10: 'the KDC issues no postdated tickets here: leave out the start time',
  11: 'request a longer lifetime, or a ticket that starts before it ends',
  12: policy,
  13: refusedOption,
  14: enctypesLacking,
  15: 'allow the checksums of the AES enctypes: see permitted_enctypes in [libdefaults]',
  16: 'the KDC does not support this pre-authentication: try without PKINIT, FAST or one-time passwords',
  18: "the account is locked, disabled or expired: wait if wrong passwords locked it, or ask the realm's administrator",
  19: "the service's account is locked, disabled or expired: ask the realm's administrator",
  20: 'get a new ticket with kinit',
  21: 'the account is not valid yet: wait, or compare the clocks',
  22: "the service's account is not valid yet: wait, or compare the clocks",
  23: expiredPassword,
  24: keyHint,
  25: keyHint,
  27: 'this service has no key of its own: use --u2u with the cache of its ticket-granting ticket',
  28: 'the path between the realms is not allowed: check [capaths] and the trusts between the realms',
  29: 'the KDC cannot process requests at the moment: wait, or use another KDC of the realm',
  31: keyHint,
  32: 'get a new ticket with kinit',
  33: clockOr('the ticket is postdated: wait until it starts, then validate it with kinit -v'),
  34: 'try again: two identical requests came in quick succession',
  35: 'check the name of the host, and its realm in [domain_realm]: the ticket is for another service than the one that answered',
  36: 'get a new ticket with kinit',
  37: 'set your clock, for example with NTP',
  38: 'the ticket is only valid for other addresses: get one without addresses with kinit -A',
  41: 'check that the SPN belongs to the account of the service (setspn -Q SERVICE/HOST) and that its keytab is new; then get new tickets with kinit',
  44: 'the service and the KDC have different versions of its key: create a new keytab',
  45: "the service's keytab does not contain its key: create a new keytab",
  50: 'allow a stronger checksum: see permitted_enctypes in [libdefaults]',
  51: 'the path between the realms is not allowed: check [capaths] and the trusts between the realms',
  52: 'allow TCP to the port of the KDC: the reply is too long for UDP',
  60: "ask the realm's administrator to look at the log of the KDC",
  62: 'the KDC does not trust your certificate: use one from a CA that the KDC has as an anchor',
  63: 'the KDC has no certificate from a CA that you trust: check pkinit_anchors, or use a password',
  64: 'check that the private key belongs to the certificate',
  65: 'the KDC requires stronger Diffie-Hellman parameters: see pkinit_dh_min_bits',
  66: 'use a certificate for this principal: the KDC compares its SAN, or uses a mapping of its own',
  67: 'get a new ticket with kinit',
  68: 'the account is in another realm: write that realm after the @, or use kinit -C to follow the KDC',
  69: 'use --u2u with the cache of the user who runs the service',
  70: 'the KDC cannot verify your certificate: add the intermediate CA certificates to its file',
  71: 'the KDC considers your certificate invalid: get a new one',
  72: 'your certificate has been revoked: get a new one',
  73: "the KDC has no revocation list for your certificate: ask the realm's administrator",
  74: "the KDC has no revocation list for your certificate: ask the realm's administrator",
  75: 'use a certificate for this principal: the KDC compares its SAN, or uses a mapping of its own',
  76: 'check pkinit_anchors and pkinit_kdc_hostname: the certificate is not that of this KDC',
  77: 'use a certificate with the extended key usage for PKINIT or smart card logon',
  78: 'use a certificate that is signed with SHA-256 or better',
  79: 'use a newer PKINIT client: the KDC requires a checksum that was not sent',
  80: 'use a newer PKINIT client: the KDC does not accept the digest in the signature of the request',
  81: 'the KDC requires Diffie-Hellman: remove PKINIT options that select RSA',
  90: 'the answer came too late: start again with kinit',
  91: keyHint,
  93: 'the KDC does not support this kind of FAST: try without -T',
};

/** By the error that was detected on our side. */
const BY_CODE: Partial<Readonly<Record<ErrorCode, Hint>>> = {
  ENCTYPE_UNSUPPORTED: story =>
    story.request === undefined
      ? 'name an encryption type that is known here, such as aes256-cts'
      : enctypesLacking(story),
  INPUT_TOO_LONG: 'check that it is the right file: it is larger than such a file can be',
  PRINCIPAL_MALFORMED: malformedName,
  CONFIG_SYNTAX: faultyLine,
  CONFIG_VALUE: faultyLine,
  CONFIG_UNREADABLE: unreadableFile,
  CONFIG_NO_DEFAULT_REALM: noDefaultRealm,
  KEYTAB_NOT_FOUND:
    'check the path of the keytab: on the command line, in KRB5_KTNAME or in KRB5_CLIENT_KTNAME',
  KEYTAB_FORMAT: 'the file is not a keytab: create a new one',
  KEYTAB_TYPE_UNKNOWN: 'write FILE: before the path of the keytab',
  KEYTAB_NO_KEY: story => keyHint(story) ?? 'compare the name with those that klist -k lists',
  KEYTAB_IO: 'check the permissions of the keytab: usually, only its owner and root can read it',
  CACHE_NOT_FOUND: 'get a ticket with kinit first',
  CREDENTIAL_NOT_FOUND: missingTicket,
  CACHE_FORMAT:
    'the cache is damaged, or is a keytab: try klist -k, or use another cache with -c or KRB5CCNAME',
  // No word of what would overwrite it: it may be anything.
  CACHE_VERSION:
    'use another cache with -c or KRB5CCNAME: this file is not a cache, or has an unknown version',
  CACHE_TYPE_UNKNOWN: 'use a cache of a supported type, such as FILE:/path: see -c and KRB5CCNAME',
  CACHE_NAME: 'use another cache: see -c and KRB5CCNAME',
  CACHE_IO: 'check the permissions of the cache and of its directory, and whether the disk is full',
  CACHE_BUSY: 'wait for the other process that is using the cache, and try again',
  KEYCHAIN_UNAVAILABLE: noKeychain,
  KEYCHAIN_LOCKED: 'unlock the keychain and try again; on a Mac over SSH, security unlock-keychain does that',
  KEYCHAIN_KEY_LOST: 'get a new ticket with kinit, which discards those that cannot be decrypted any more',
  KEYCHAIN_PASSPHRASE:
    'type the passphrase at a terminal, or put it in the file in KRB5KIT_PASSPHRASE_FILE; if it is lost, start again with krb5kit logout',
  KEYCHAIN_TIMEOUT: 'check whether the keychain shows a dialog that waits for an answer',
  REALM_UNKNOWN: realmHint,
  KDC_UNREACHABLE: realmHint,
  REPLY_SKEW: 'set your clock, for example with NTP, or turn on kdc_timesync to tolerate the difference',
  REPLY_MODIFIED: modifiedReply,
  PASSWORD_INCORRECT: keyHint,
  PASSWORD_UNREAD: unreadPassword,
  PASSWORD_NOT_CHANGED: "choose a password that the realm's policy allows: the message gives the reason",
  PASSWORD_MISMATCH: 'type the same new password twice',
  PREAUTH_FAILED: keyHint,
  PKINIT_IDENTITY: unusableIdentity,
  KDC_NOT_TRUSTED:
    "set the CA of the KDC's certificate with -X X509_anchors=FILE:PATH or pkinit_anchors, and its host with pkinit_kdc_hostname",
  FAST_REQUIRED: 'try without -T, --anonymous-armor and auto_fast_armor: this KDC does not support FAST',
  NO_TGT: 'the ticket is postdated: wait until it starts, then validate it with kinit -v',
  TICKET_EXPIRED: 'get a new ticket with kinit',
  S4U_IGNORED: 'this KDC does not support S4U: use one that does',
  SERVER_REFUSED: clockOr("ask the service's administrator to look at its log"),
  MUTUAL_FAILED: 'this may not be the real service: check its host and its keytab',
};

/** The one thing to try after a failure; undefined if nothing helps. */
export function hintFor(story: Story): string | undefined {
  const { number, errors } = story;
  if (errors.some(isFullDisk)) return 'free some space on the disk, or use a place on another one';
  for (const error of errors) {
    const { code } = error;
    // An error found on our side says more than the KDC's answer that caused it.
    const hint =
      code === 'KDC_ERROR' && number !== undefined
        ? BY_NUMBER[number]
        : (cacheHint(error) ?? secretHint(error) ?? BY_CODE[code]);
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

function isFullDisk({ cause }: KerberosError): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '');
}

function clockOr(otherwise: string): Hint {
  return ({ clock }) => (clock === undefined ? otherwise : 'set your clock, for example with NTP');
}

/** MIT's KDC names the reason if the service accepts only some ways to log in: its authentication indicators. */
function policy(story: Story): string {
  return story.last('kdc-error')?.text === 'HIGHER_AUTHENTICATION_REQUIRED'
    ? 'the service requires a stronger login (an authentication indicator), for example with a certificate or a one-time password: log in that way with kinit, then try again'
    : "the realm's policy does not allow this account, service or time: ask the realm's administrator";
}

/** Without a desktop, a passphrase can take the place of the keychain, unless the user has chosen something else. */
function noKeychain({ errors }: Story): string {
  const file = 'store the tickets in a file: -c FILE:/path, or KRB5CCNAME';
  const chosen = errors.some(({ message }) => message.includes('KRB5KIT_KEYCHAIN'));
  return chosen ? file : `set KRB5KIT_KEYCHAIN=passphrase to seal the tickets with a passphrase, or ${file}`;
}

/** Active Directory answers in upper case, and with the account's own name. */
function modifiedReply({ request }: Story): string {
  const realm = request?.realm ?? '';
  const upper = realm.toUpperCase();
  if (realm !== upper) return `write the realm in upper case, as is usual: ${upper}`;
  const alias = request?.message === 'AS-REQ' ? 'use kinit -C if the name is an alias; otherwise ' : '';
  return `${alias}check the KDC addresses above: that KDC may belong to another realm, or an attacker changes messages`;
}

function expiredPassword(story: Story): string {
  return `choose a new password: kpasswd ${story.request?.client ?? ''}`.trimEnd();
}

function enctypesLacking(story: Story): string {
  const { enctypes: ours = [] } = story.request ?? {};
  const hints = story.last('hints');
  if (hints !== undefined && hints.enctype === undefined) return permitClientsEnctype(story);
  const place = enctypesPlace(story);
  if (place === undefined && story.request?.message === 'TGS-REQ') {
    return `set a new password or key for ${story.request.server}: the KDC has none with an enctype that is offered here (in Active Directory, msDS-SupportedEncryptionTypes of its account must include AES)`;
  }
  return place === undefined
    ? 'set a new password or key for the account: the KDC has none with an enctype that is offered here'
    : `allow more than ${ours.map(enctypeText).join(', ')}, since the KDC has no such key or does not allow it: see ${place}`;
}

function faultyLine({ errors }: Story): string | undefined {
  const error = errors.find(each => each instanceof ConfigError);
  if (error?.file === undefined) return undefined;
  return `correct ${error.file}${error.line ? `, line ${error.line}` : ''}`;
}

function unreadableFile({ errors }: Story): string | undefined {
  const error = errors.find(each => each instanceof ConfigError);
  if (error?.file === undefined) return undefined;
  return error.line
    ? `make what ${error.file}, line ${error.line} includes exist and readable, or remove that line`
    : `check that ${error.file} exists, and make it readable for this user`;
}

function noDefaultRealm(story: Story): string {
  const { files = [], from, skipped = [] } = story.last('config') ?? {};
  const better =
    from === 'KRB5_CONFIG' && files.length === skipped.length
      ? 'set KRB5_CONFIG to the right file'
      : `set default_realm in [libdefaults] of ${files[0] ?? 'krb5.conf'}`;
  return `write the realm after the name, as in alice@EXAMPLE.COM, or ${better}`;
}

function unusableIdentity({ activity, errors }: Story): string {
  // kvno with -F.
  if (activity?.startsWith('reading certificate file'))
    return 'check the path of the certificate, which must be in PEM';
  if (errors.some(({ message }) => message.includes('smart cards are not supported'))) {
    return 'use a certificate in a file: FILE:, PKCS12: or DIR:';
  }
  return 'check the files in -X X509_user_identity= and X509_anchors= (or pkinit_identities and pkinit_anchors), and the passphrase of the key';
}

function missingTicket(): string {
  return 'get a ticket with kinit';
}

function malformedName({ errors }: Story): string {
  const [{ message } = { message: '' }] = errors;
  if (message === 'Unable to identify user') return 'name the principal: here, the user has no name';
  // As MIT's kvno says it of S4U2Self.
  if (message === 'Invalid argument')
    return 'name the principal of the cache as the service, since a service gets such a ticket to itself only; -P then gets one to another service';
  return 'write it as name@REALM or service/host@REALM, with a backslash before other @ and /';
}

/** Of new tickets for services, only those by delegation have options that KDCs refuse. */
function refusedOption({ activity = '', request }: Story): string {
  const isNew = !/^(?:renewing|validating)/.test(activity);
  return isNew && request?.message === 'TGS-REQ' && !request.server.startsWith('krbtgt/')
    ? `ask the realm's administrator whether this service may delegate users to ${request.server} (in Active Directory: msDS-AllowedToDelegateTo), and whether this user may be delegated`
    : 'leave out what the KDC does not allow: renewing a ticket that is not renewable, forwarding, or delegation';
}
