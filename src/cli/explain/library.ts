import type { ErrorCode } from '../../errors.ts';

/** An error that a library detects itself, without an answer from a KDC. */
export interface LibraryError {
  /** MIT's name. */
  readonly name: string;
  /** MIT's number, relative to the protocol's first one. */
  readonly number: number;
  readonly sentence: string;
  /** Matches the message if it contains names. */
  readonly pattern?: RegExp;
  /** Our code for the same error, whose hint applies. */
  readonly code?: ErrorCode;
  readonly causes: readonly string[];
  /** What to try if our own code has no hint for it. */
  readonly hint?: string;
}

/** The common ones. */
export const LIBRARY_ERRORS: readonly LibraryError[] = [
  {
    name: 'KRB5_LIBOS_CANTREADPWD',
    number: 130,
    sentence: 'Cannot read password',
    code: 'PASSWORD_UNREAD',
    causes: ['there is no terminal, and the standard input is empty'],
  },
  {
    name: 'KRB5_PARSE_MALFORMED',
    number: 134,
    sentence: 'Malformed representation of principal',
    code: 'PRINCIPAL_MALFORMED',
    causes: ['the name has two @, or ends in a backslash'],
  },
  {
    name: 'KRB5_CONFIG_CANTOPEN',
    number: 135,
    sentence: "Can't open/find Kerberos configuration file",
    code: 'CONFIG_UNREADABLE',
    causes: ['KRB5_CONFIG names a file that does not exist or that the user may not read'],
  },
  {
    name: 'KRB5_CONFIG_BADFORMAT',
    number: 136,
    sentence: 'Improper format of Kerberos configuration file',
    code: 'CONFIG_SYNTAX',
    causes: [
      'a brace is missing in krb5.conf, or a line has the wrong syntax: krb5kit doctor shows which one',
    ],
  },
  {
    name: 'KRB5_CC_UNKNOWN_TYPE',
    number: 140,
    sentence: 'Unknown credential cache type',
    code: 'CACHE_TYPE_UNKNOWN',
    causes: ['KRB5CCNAME or default_ccache_name names a type that this library does not have'],
  },
  {
    name: 'KRB5_CC_NOTFOUND',
    number: 141,
    sentence: 'Matching credential not found',
    code: 'CREDENTIAL_NOT_FOUND',
    causes: ['the cache does not contain a ticket-granting ticket', 'the ticket is in another cache'],
  },
  {
    name: 'KRB5KRB_AP_WRONG_PRINC',
    number: 144,
    sentence: 'Wrong principal in request',
    causes: [
      'the client requested a ticket for another name than the service expects: an alias, or another host',
    ],
    hint: 'compare klist on the client with klist -k on the service: the names must be the same',
  },
  {
    name: 'KRB5_KDCREP_MODIFIED',
    number: 147,
    sentence: 'KDC reply did not match expectations',
    code: 'REPLY_MODIFIED',
    causes: [
      'the realm was written in lower case, and Active Directory answered in upper case',
      'the requested name is an alias or a UPN: kinit -C accepts the canonical name',
      'the configured KDC belongs to another realm, or an attacker changes messages',
    ],
  },
  {
    name: 'KRB5_KDCREP_SKEW',
    number: 148,
    sentence: 'Clock skew too great in KDC reply',
    code: 'REPLY_SKEW',
    causes: ['the clock of this host or of the KDC is off by more than five minutes'],
  },
  {
    name: 'KRB5_PROG_ETYPE_NOSUPP',
    number: 150,
    sentence: 'Program lacks support for encryption type',
    code: 'ENCTYPE_UNSUPPORTED',
    causes: ['a key or ticket has an old enctype, such as DES, that the library no longer supports'],
  },
  {
    name: 'KRB5_REALM_UNKNOWN',
    number: 154,
    sentence: 'Cannot find KDC for requested realm',
    pattern: /cannot find kdc for (?:invalid )?realm/i,
    code: 'REALM_UNKNOWN',
    causes: [
      'the realm is misspelt, or in lower case',
      'krb5.conf has no kdc for it in [realms], and DNS no SRV records _kerberos._udp and _kerberos._tcp',
      'the DNS server of the VPN or of the company is not used',
    ],
  },
  {
    name: 'KRB5_KDC_UNREACH',
    number: 156,
    sentence: 'Cannot contact any KDC for requested realm',
    pattern: /cannot contact any kdc|unable to reach any kdc/i,
    code: 'KDC_UNREACHABLE',
    causes: [
      'a firewall drops port 88, or the VPN is off',
      'the KDC named in [realms] is gone',
      'UDP is dropped, and TCP is not tried: see udp_preference_limit',
    ],
  },
  {
    name: 'KRB5_MUTUAL_FAILED',
    number: 158,
    sentence: 'Mutual authentication failed',
    code: 'MUTUAL_FAILED',
    causes: ['the service that answered does not have the right key'],
  },
  {
    name: 'KRB5_KT_NOTFOUND',
    number: 181,
    sentence: 'Key table entry not found',
    pattern: /keytab contains no suitable keys|no key table entry found|failed to find .* in keytab/i,
    code: 'KEYTAB_NO_KEY',
    causes: [
      'the keytab has the principal under another spelling, realm or host name: see klist -k',
      'it has no key of the version or enctype that is needed: see klist -ke',
    ],
  },
  {
    name: 'KRB5_BAD_ENCTYPE',
    number: 188,
    sentence: 'Bad encryption type',
    code: 'ENCTYPE_UNSUPPORTED',
    causes: [
      'a key or ticket has an enctype that this version of the library does not have, such as DES or 3DES',
      'a number in place of an enctype is wrong',
    ],
  },
  {
    name: 'KRB5_CC_IO',
    number: 193,
    sentence: 'Credentials cache I/O operation failed',
    code: 'CACHE_IO',
    causes: [
      'the disk is full, or the quota of the user is used up',
      'the process has too many open files, or the disk or network file system has failed',
    ],
  },
  {
    name: 'KRB5_FCC_PERM',
    number: 194,
    sentence: 'Credentials cache permissions incorrect',
    code: 'CACHE_IO',
    causes: ['the cache belongs to another user, as after sudo or su'],
  },
  {
    name: 'KRB5_FCC_NOFILE',
    number: 195,
    sentence: 'No credentials cache found',
    pattern: /no credentials cache|credentials cache .*not found|no kerberos credentials available/i,
    code: 'CACHE_NOT_FOUND',
    causes: [
      'nobody has run kinit yet, or the tickets were destroyed at logout',
      'KRB5CCNAME is different in this process: sudo, cron, a service or a container',
    ],
  },
  {
    name: 'KRB5_FCC_INTERNAL',
    number: 196,
    sentence: 'Internal credentials cache error',
    causes: [
      'the server of a KCM: cache, such as sssd-kcm, has failed: its log gives the reason',
      'the name of a FILE: cache is too long, or the file was closed or replaced meanwhile',
    ],
    hint: 'use another cache, for example KRB5CCNAME=FILE:/tmp/mine, to see whether the cache is the problem; restart sssd-kcm',
  },
  {
    name: 'KRB5_CC_WRITE',
    number: 197,
    sentence: 'Error writing to credentials cache',
    code: 'CACHE_IO',
    causes: ['the disk is full, or the cache belongs to another user'],
  },
  {
    name: 'KRB5_CC_FORMAT',
    number: 199,
    sentence: 'Bad format in credentials cache',
    code: 'CACHE_FORMAT',
    causes: ['the file is not a cache, or was truncated'],
  },
  {
    name: 'KRB5_PREAUTH_FAILED',
    number: 210,
    sentence: 'Generic preauthentication failure',
    pattern: /pre-?authentication failed: |no more preauth/i,
    code: 'PREAUTH_FAILED',
    causes: [
      'nothing that the KDC offers can be used here: there is no password, certificate, or FAST armor',
    ],
  },
  {
    name: 'KRB5_CCACHE_BADVNO',
    number: 212,
    sentence: 'Unsupported credentials cache format version number',
    code: 'CACHE_FORMAT',
    causes: [
      'the file is not a cache: KRB5CCNAME or -c names a keytab, a ticket in base64, or anything else',
    ],
  },
  {
    name: 'KRB5_KEYTAB_BADVNO',
    number: 213,
    sentence: 'Unsupported key table format version number',
    causes: ['the file is not a keytab: a failed download, base64 that was not decoded, or a certificate'],
    hint: 'krb5kit inspect shows what the file is; create a new keytab',
  },
  {
    name: 'KRB5_ERR_HOST_REALM_UNKNOWN',
    number: 217,
    sentence: 'Cannot determine realm for host',
    causes: ['the host is not in [domain_realm], and there is no default realm'],
    hint: 'assign a realm to the host in [domain_realm], or set default_realm in [libdefaults]',
  },
  {
    name: 'KRB5_REALM_CANT_RESOLVE',
    number: 220,
    sentence: 'Cannot resolve network address for KDC in requested realm',
    pattern: /cannot resolve .*for kdc/i,
    code: 'KDC_UNREACHABLE',
    causes: ['the host name after kdc = is misspelt or unknown to DNS'],
  },
  {
    name: 'KRB5_GET_IN_TKT_LOOP',
    number: 223,
    sentence: 'Looping detected inside krb5_get_in_tkt',
    causes: ['the KDC asks again and again, and does not accept any answer'],
    hint: 'KRB5_TRACE=/dev/stderr kinit shows what the KDC asks for',
  },
  {
    name: 'KRB5_CONFIG_NODEFREALM',
    number: 224,
    sentence: 'Configuration file does not specify default realm',
    causes: [
      'krb5.conf has no default_realm in [libdefaults], and the name was given without a realm',
      'KRB5_CONFIG names another file than expected',
    ],
    hint: 'write the realm after the name, or set default_realm in [libdefaults]',
  },
  {
    name: 'KRB5_KT_KVNONOTFOUND',
    number: 230,
    sentence: 'Key version number for principal in key table is incorrect',
    causes: ['the key was changed after the keytab was created: create a new one, then get new tickets'],
    hint: 'compare klist -ke with kvno; create a new keytab, and then get new tickets',
  },
  {
    name: 'KRB5_NOPERM_ETYPE',
    number: 236,
    sentence: 'Encryption type not permitted',
    causes: ['permitted_enctypes does not include the enctype of a key, or allow_weak_crypto is off'],
    hint: 'create keys of AES enctypes, or add the enctype to permitted_enctypes',
  },
  {
    name: 'KRB5_ERR_NUMERIC_REALM',
    number: 243,
    sentence: 'Cannot determine realm for numeric host address',
    causes: ['the service was requested with an IP address: use the host name'],
    hint: 'use the name of the host instead of its address',
  },
];
