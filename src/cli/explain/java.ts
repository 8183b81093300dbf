import type { OtherError } from './other-error.ts';

const JAVA = "Java's own implementation of Kerberos, not a KDC";

/** Errors that Java reports in its own words. */
export const JAVA_ERRORS: readonly OtherError[] = [
  {
    name: 'Checksum failed',
    pattern: /checksum failed/i,
    sentence: 'Checksum failed: Java cannot decrypt a ticket or a reply with its key',
    saidBy: JAVA,
    causes: [
      'the keytab is older than the key of the KDC, or was created for another account',
      'the password is wrong, if Java derives the key from one',
      'the SPN and the keytab belong to different accounts',
    ],
    hint: 'compare klist -ke with kvno: first the version, then the enctypes; create a new keytab',
  },
  {
    name: 'Cannot find key of appropriate type',
    pattern: /cannot find key (?:of|for) (?:appropriate )?type|cannot find key of appropriate/i,
    sentence: 'Cannot find key of appropriate type to decrypt the ticket',
    saidBy: JAVA,
    causes: [
      'the keytab has no key with the enctype of the ticket, for example only RC4 if the ticket uses AES256',
      'the principal in the keytab has another name, realm or host than that of the ticket',
      'isInitiator=false or principal= in the JAAS configuration names another principal',
    ],
    hint: 'klist -ke lists the enctypes of the keytab; kvno -k KEYTAB SERVICE tests it with a ticket',
  },
  {
    name: 'Encryption type is not supported/enabled',
    pattern: /encryption type .* is not supported\/enabled/i,
    sentence: 'Encryption type is not supported, or not enabled',
    saidBy: JAVA,
    causes: [
      'permitted_enctypes does not include it, or allow_weak_crypto is off (for RC4, since Java 17)',
      'an old Java without the unlimited policy does not support AES256',
    ],
    hint: 'create AES keys, and use a newer Java; as a temporary measure, allow_weak_crypto = true allows RC4',
  },
  {
    name: 'Failed to find any Kerberos tgt',
    pattern: /failed to find any kerberos (?:tgt|ticket|credentials)/i,
    sentence: 'There is no ticket-granting ticket that Java can see',
    saidBy: JAVA,
    causes: [
      'Java only supports FILE caches, not KEYRING, KCM, DIR or KEYCHAIN',
      'useTicketCache is not set in the JAAS configuration, or javax.security.auth.useSubjectCredsOnly is true',
    ],
    hint: 'use kinit -c FILE:/tmp/krb5cc_$(id -u) or krb5kit cache copy, and set KRB5CCNAME to that file',
  },
  {
    name: 'No service creds',
    pattern: /no service creds/i,
    sentence: 'The KDC issued no ticket for the service',
    saidBy: JAVA,
    causes: [
      'the service has no principal, or belongs to a realm that is not in [domain_realm]',
      'the path to the other realm is unknown: see [capaths]',
    ],
    hint: 'kvno service/host requests the same ticket, and explains the error',
  },
  {
    name: 'Cannot locate default realm',
    pattern: /cannot (?:locate|get) (?:default realm|kdc)|cannot locate default realm/i,
    sentence: 'Java finds no realm, or no KDC for it, in its configuration',
    saidBy: JAVA,
    causes: [
      'Java reads one krb5.conf: java.security.krb5.conf names it, and include directives are newer than Java 8',
      'only one of java.security.krb5.realm and java.security.krb5.kdc is set: both belong together',
    ],
    hint: 'run it with -Dsun.security.krb5.debug=true, which shows the file that is read',
  },
  {
    name: 'Unable to obtain password from user',
    pattern: /unable to obtain (?:password|principal name) (?:from user|for authentication)/i,
    sentence: 'Java has no key for the principal, and cannot ask for a password',
    saidBy: JAVA,
    causes: [
      'the keytab in the JAAS configuration does not exist, cannot be read, or does not contain exactly this principal',
    ],
    hint: 'run klist -k on that keytab, as the user of the Java process',
  },
  {
    name: 'GSSHeader did not find the right tag',
    pattern: /GSSHeader did not find the right tag/i,
    sentence: 'The token is not a Kerberos token, but usually an NTLM token',
    saidBy: JAVA,
    causes: ['the client had no ticket for the service and fell back to NTLM'],
    hint: 'check the token with krb5kit inspect; then find out with kvno HTTP/host why the client has no ticket',
  },
  {
    name: "Identifier doesn't match expected value",
    pattern: /identifier doesn't match expected value/i,
    sentence: 'Java has received an error message of the KDC instead of a ticket',
    saidBy: JAVA,
    causes: ['any: Java prints it after the error in the message, such as Client not found (6)'],
    hint: 'explain the KrbException before it in the same stack trace',
  },
  {
    name: 'Receive timed out',
    pattern: /(?:receive timed out|ICMP port unreachable)/i,
    sentence: 'No KDC has answered over UDP',
    saidBy: JAVA,
    causes: ['a firewall drops UDP, or the reply is too long for it'],
    hint: 'with udp_preference_limit = 1 in [libdefaults], Java uses TCP; krb5kit doctor tries both',
  },
];

const WEB = 'a web server or a browser that uses Negotiate';

/** Errors with Negotiate (RFC 4559). */
export const WEB_ERRORS: readonly OtherError[] = [
  {
    name: 'NTLM instead of Kerberos',
    pattern: /negotiate\s+TlRMTVNTUA|NTLMSSP|received (?:an? )?NTLM (?:token|message)/i,
    sentence: 'The client sent an NTLM token instead of a Kerberos token',
    saidBy: WEB,
    causes: [
      'the client has no ticket for HTTP/host: no SPN, an alias or an address in the URL, no login to the domain',
      'the host is not in the list of hosts for which the browser uses Kerberos',
    ],
    hint: 'check kvno HTTP/host with the host in the URL, then the list of trusted hosts in the browser',
  },
  {
    name: 'SPNEGO cannot find mechanisms to negotiate',
    pattern: /SPNEGO cannot find mechanisms to negotiate/i,
    sentence: 'SPNEGO has no mechanism for which there are credentials',
    saidBy: "MIT's GSS-API library",
    causes: ['there is no ticket: kinit was not run, or KRB5CCNAME is another in this process'],
    hint: 'run klist as the user of the program',
  },
  {
    name: '401 Unauthorized',
    pattern:
      /(?:HTTP\S*|status|error)?[\s:]*401\b.*(?:unauthori[sz]ed|required)|www-authenticate:\s*negotiate\s*$/i,
    sentence: 'The web server requires authentication, and offers Negotiate if the header says so',
    saidBy: WEB,
    causes: [
      'this is the first response to every client: the client continues if it uses Kerberos for this host',
      'if it is the last one, the client has no ticket for HTTP/host, or the server could not decrypt it',
    ],
    hint: 'krb5kit http URL tries it with a ticket; krb5kit doctor PRINCIPAL HTTP@host checks everything else',
  },
  {
    name: 'Request header too large',
    pattern:
      /(?:request )?header(?: field)?s? (?:is |are |or cookie )?too (?:large|long)|\b431\b|size of (?:a |the )?request header/i,
    sentence: 'The token exceeds the limit of the web server for headers',
    saidBy: WEB,
    causes: ['the user is in many groups, all of which are in the ticket'],
    hint: 'raise the limit: LimitRequestFieldSize in Apache, large_client_header_buffers in nginx, maxHttpHeaderSize in Tomcat, MaxFieldLength in IIS',
  },
  {
    name: 'ERR_UNEXPECTED_SECURITY_LIBRARY_STATUS',
    pattern:
      /ERR_(?:UNEXPECTED_SECURITY_LIBRARY_STATUS|MISSING_AUTH_CREDENTIALS|MISCONFIGURED_AUTH_ENVIRONMENT)/,
    sentence: 'The browser could not create a token for Negotiate',
    saidBy: 'Chromium and browsers based on it',
    causes: ['there is no ticket that the browser can see, or none for the host of the URL'],
    hint: 'check klist, then kvno HTTP/host, then AuthServerAllowlist, the list of hosts that the browser trusts',
  },
];
