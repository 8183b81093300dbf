import type { OtherError } from './other-error.ts';

const LIBRARY = 'the MIT Kerberos library, not a KDC';
const GSS_LIBRARY = "MIT's GSS-API library, as a minor status";
const PKINIT = "MIT's PKINIT module, on the client or in the KDC";

const ENCODINGS =
  /ASN\.1 (?:structure is missing|unexpected field|type numbers|value too large|encoding ended|identifier doesn't|length doesn't|badly-formatted|parse error|indefinite|missing expected|object omitted)/i;

/** Messages of MIT's libraries that are in tables other than that of Kerberos, or have names in them. */
export const MIT_ERRORS: readonly OtherError[] = [
  {
    name: 'Key table file not found',
    pattern: /key ?table file .*not found/i,
    sentence: 'The keytab does not exist',
    saidBy: LIBRARY,
    causes: [
      'no keytab has been created on this host, or it was not copied into the container',
      'KRB5_KTNAME, or default_keytab_name in krb5.conf, names another file than expected',
    ],
    hint: 'name the keytab with -t, -k or KRB5_KTNAME; ktutil add, ktadd or ktpass creates one',
  },
  {
    name: 'No KCM server found',
    sentence: 'The daemon that keeps the tickets of KCM: does not run',
    saidBy: LIBRARY,
    causes: [
      'default_ccache_name is KCM:, and sssd-kcm is not installed or not started, as in a container',
      'the daemon listens on another socket: see kcm_socket in [libdefaults]',
    ],
    hint: 'systemctl start sssd-kcm.socket, krb5kit agent --start, or another cache by KRB5CCNAME=FILE:/tmp/mine',
  },
  {
    name: 'Invalid keyring anchor name',
    pattern: /invalid (?:keyring anchor name|uid in persistent keyring name)/i,
    sentence: 'The name of a cache of type KEYRING is wrong',
    saidBy: LIBRARY,
    causes: [
      'after KEYRING: comes none of session, user, persistent, process and thread',
      'after persistent: comes no number of a user, as where %{uid} was not replaced',
    ],
    hint: 'write KEYRING:persistent:UID or KEYRING:session:NAME',
  },
  {
    name: 'Included profile directory could not be read',
    sentence: 'A directory after includedir in krb5.conf cannot be read',
    saidBy: LIBRARY,
    causes: [
      'the directory does not exist, as in a container to which only krb5.conf was copied',
      'its permissions do not allow it: it must be readable for every user',
    ],
    hint: 'create the directory or remove the includedir line; krb5kit doctor shows the line',
  },
  {
    name: 'Included profile file could not be read',
    sentence: 'A file after include in krb5.conf cannot be read',
    saidBy: LIBRARY,
    causes: ['the file does not exist, or not every user may read it'],
    hint: 'create the file or remove the include line; krb5kit doctor shows the line',
  },
  {
    name: 'Credential cache directory does not exist',
    pattern: /credential cache directory .* does not exist/i,
    sentence: 'The directory of a cache of type DIR does not exist and cannot be created',
    saidBy: LIBRARY,
    causes: [
      'its parent directory does not exist: /run/user/UID is only there while the user is logged in',
      'KRB5CCNAME or default_ccache_name names a directory of another user or machine',
    ],
    hint: 'create the directory with mode 700, or use another cache: see KRB5CCNAME and default_ccache_name',
  },
  {
    name: "Can't find client principal in cache collection",
    pattern: /can't find client principal .* in cache collection/i,
    sentence: 'No cache of the collection belongs to this principal',
    saidBy: LIBRARY,
    causes: [
      'kinit was run for another principal, or with another KRB5CCNAME',
      'the principal is written with another realm or in another case',
    ],
    hint: 'klist -l shows the principals in the collection; run kinit for this one',
  },
  {
    name: 'Principal in credential cache does not match desired name',
    number: 39756032,
    sentence: 'The cache belongs to another principal than the one the program asks for',
    saidBy: GSS_LIBRARY,
    causes: ['kinit was run for another principal', 'the program is configured with a fixed principal'],
    hint: 'compare klist with the principal in the configuration of the program',
  },
  {
    name: 'No principal in keytab matches desired name',
    number: 39756033,
    sentence: 'The keytab has no key for the service name that the program asks for',
    saidBy: GSS_LIBRARY,
    causes: [
      'the keytab has another service or host name: the program uses the name of the machine',
      'the service uses another keytab than expected: see KRB5_KTNAME',
    ],
    hint: 'compare klist -k with the service and with the full host name, hostname -f',
  },
  {
    name: 'Credential cache has no TGT',
    number: 39756034,
    sentence: 'The cache has no ticket-granting ticket, so no further tickets can be requested',
    saidBy: GSS_LIBRARY,
    causes: ['the cache only contains service tickets: the login did not delegate a ticket-granting ticket'],
    hint: 'run kinit; with ssh, GSSAPIDelegateCredentials or ssh -K passes the ticket on',
  },
  {
    name: 'Credential cache is empty',
    number: 39756044,
    sentence: 'The cache contains no tickets',
    saidBy: GSS_LIBRARY,
    causes: ['kinit failed after it had created the cache', 'another program has removed the tickets'],
    hint: 'run klist as the user of the program, then kinit',
  },
  {
    name: "ASN.1 identifier doesn't match expected value",
    number: 1859794438,
    pattern: ENCODINGS,
    sentence: 'A message is not encoded as expected, or is not a Kerberos message of the expected kind',
    saidBy: LIBRARY,
    causes: [
      'another service than a KDC answers on the port, or a proxy changes the messages',
      'a token was truncated, is still encoded in base64, or is of another mechanism (SPNEGO, NTLM)',
      'something was decrypted with a wrong key by a program that does not check the result',
    ],
    hint: 'krb5kit inspect shows what a token or a capture of the network is',
  },
  {
    name: 'Failed to verify own certificate',
    pattern: /failed to verify own certificate|cannot create cert(?:ificate)? chain/i,
    sentence: 'No chain of certificates leads from the own certificate to a trusted CA',
    saidBy: PKINIT,
    causes: [
      'the CA of the own certificate is not in pkinit_anchors, or an intermediate one not in pkinit_pool',
      'the certificate or one of its CAs has expired',
    ],
    hint: 'add the CA certificates to pkinit_anchors and pkinit_pool; openssl verify -CAfile CA.pem CERT.pem tests it',
  },
  {
    name: 'Failed to verify received certificate',
    pattern: /failed to verify received certificate/i,
    sentence: 'No chain of certificates leads from the certificate of the other side to a trusted CA',
    saidBy: PKINIT,
    causes: [
      'pkinit_anchors has only an intermediate CA: MIT needs the root CA too',
      'the CA of the other side is not in pkinit_anchors, or its certificate has expired',
    ],
    hint: 'add the root CA, and the intermediate ones, to pkinit_anchors',
  },
];
