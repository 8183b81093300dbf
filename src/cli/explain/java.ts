import type { OtherError } from './other-error.ts';

const JAVA = "Java's own implementation of Kerberos: no KDC sends it";

/** Errors that Java reports in its own words. */
export const JAVA_ERRORS: readonly OtherError[] = [
  {
    name: 'Checksum failed',
    pattern: /checksum failed/i,
    sentence: 'Checksum failed: a ticket or an answer does not open with the key that Java has',
    saidBy: JAVA,
    causes: [
      'the keytab is older than the key of the KDC, or was made for another account',
      'the password is wrong, where Java got the key from one',
      'the SPN belongs to another account than the keytab is of',
    ],
    hint: 'compare klist -ke with kvno: the version, and then the enctypes; have the keytab written anew',
  },
  {
    name: 'Cannot find key of appropriate type',
    pattern: /cannot find key (?:of|for) (?:appropriate )?type|cannot find key of appropriate/i,
    sentence: 'Cannot find key of appropriate type to decrypt the ticket',
    saidBy: JAVA,
    causes: [
      'the keytab has no key of the enctype that the ticket is of, such as RC4 where the ticket is AES256',
      'the keytab has the principal under another name, realm or host: it must be that of the ticket',
      'isInitiator=false or principal= in the JAAS configuration names another principal',
    ],
    hint: 'klist -ke lists the enctypes of the keytab, kvno -k KEYTAB SERVICE tries it on a ticket',
  },
  {
    name: 'Encryption type is not supported/enabled',
    pattern: /encryption type .* (?:is )?not supported(?:\/enabled)?/i,
    sentence: 'Encryption type is not supported, or not enabled',
    saidBy: JAVA,
    causes: [
      'permitted_enctypes leaves it out, or allow_weak_crypto is off, for RC4 since Java 17',
      'an old Java without the unlimited policy lacks AES256',
    ],
    hint: 'have keys of AES made, and a newer Java; allow_weak_crypto = true lets RC4 in for a while',
  },
  {
    name: 'Failed to find any Kerberos tgt',
    pattern: /failed to find any kerberos (?:tgt|ticket|credentials)/i,
    sentence: 'There is no ticket-granting ticket that Java can see',
    saidBy: JAVA,
    causes: [
      'Java reads FILE caches only, and no KEYRING, KCM, DIR or KEYCHAIN',
      'useTicketCache is not set in the JAAS configuration, or javax.security.auth.useSubjectCredsOnly is true',
    ],
    hint: 'kinit -c FILE:/tmp/krb5cc_$(id -u), or krb5kit cache copy there, and KRB5CCNAME as that',
  },
  {
    name: 'No service creds',
    pattern: /no service creds/i,
    sentence: 'The KDC gave no ticket for the service',
    saidBy: JAVA,
    causes: [
      'the service has no principal, or belongs to a realm that [domain_realm] does not tell',
      'the way to the other realm is not known: see [capaths]',
    ],
    hint: 'kvno service/host asks for the same ticket, and says why there is none',
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
    hint: 'run it with -Dsun.security.krb5.debug=true, which tells the file that is read',
  },
  {
    name: 'Unable to obtain password from user',
    pattern: /unable to obtain (?:password|principal name) (?:from user|for authentication)/i,
    sentence: 'Java has no key of the principal and asks nobody for a password',
    saidBy: JAVA,
    causes: [
      'the keytab of the JAAS configuration is not there, may not be read, or lacks the principal, letter by letter',
    ],
    hint: 'klist -k on that keytab, as the user that Java runs as',
  },
  {
    name: 'GSSHeader did not find the right tag',
    pattern: /GSSHeader did not find the right tag/i,
    sentence: 'The token is none of Kerberos: one of NTLM, as a rule',
    saidBy: JAVA,
    causes: ['the client had no ticket for the service and fell back to NTLM'],
    hint: 'krb5kit inspect shows what the token is; then find out why the client has no ticket: kvno HTTP/host',
  },
  {
    name: 'Receive timed out',
    pattern: /(?:receive timed out|ICMP port unreachable)/i,
    sentence: 'No KDC has answered over UDP',
    saidBy: JAVA,
    causes: ['a firewall drops UDP, or the answer is too long for it'],
    hint: 'udp_preference_limit = 1 in [libdefaults] has Java use TCP; krb5kit doctor tries both',
  },
];

const WEB = 'a web server or a browser, about Negotiate';

/** Errors with Negotiate (RFC 4559). */
export const WEB_ERRORS: readonly OtherError[] = [
  {
    name: 'NTLM instead of Kerberos',
    pattern: /negotiate\s+TlRMTVNTUA|NTLMSSP|received (?:an? )?NTLM (?:token|message)/i,
    sentence: 'The client sent a token of NTLM where one of Kerberos belongs',
    saidBy: WEB,
    causes: [
      'the client has no ticket for HTTP/host: no SPN, an alias or an address in the URL, no log-in to the domain',
      'the browser does not count the host to those that it may use Kerberos with',
    ],
    hint: 'kvno HTTP/host with the host of the URL; then the list of trusted hosts of the browser',
  },
  {
    name: 'SPNEGO cannot find mechanisms to negotiate',
    pattern: /SPNEGO cannot find mechanisms to negotiate/i,
    sentence: 'SPNEGO has no mechanism for which there are credentials',
    saidBy: "MIT's GSS-API library",
    causes: ['there is no ticket: kinit was not run, or KRB5CCNAME is another in this process'],
    hint: 'klist, as the user that the program runs as',
  },
  {
    name: '401 Unauthorized',
    pattern:
      /(?:HTTP\S*|status|error)?[\s:]*401\b.*(?:unauthori[sz]ed|required)|www-authenticate:\s*negotiate\s*$/i,
    sentence: 'The web server wants to know who asks, and offers Negotiate where it says so',
    saidBy: WEB,
    causes: [
      'it is the first answer to everybody: the client goes on by itself if it may use Kerberos with this host',
      'if it is the last one, the client has no ticket for HTTP/host, or the server could not open it',
    ],
    hint: 'krb5kit http URL asks with a ticket; krb5kit doctor PRINCIPAL HTTP@host looks at all the rest',
  },
  {
    name: 'Request header too large',
    pattern:
      /(?:request )?header(?: field)?s? (?:is |are |or cookie )?too (?:large|long)|\b431\b|size of (?:a |the )?request header/i,
    sentence: 'The token is longer than the web server takes a header to be',
    saidBy: WEB,
    causes: ['the user is in many groups, all of which are in the ticket'],
    hint: 'raise the limit: LimitRequestFieldSize in Apache, large_client_header_buffers in nginx, maxHttpHeaderSize in Tomcat, MaxFieldLength in IIS',
  },
  {
    name: 'ERR_UNEXPECTED_SECURITY_LIBRARY_STATUS',
    pattern:
      /ERR_(?:UNEXPECTED_SECURITY_LIBRARY_STATUS|MISSING_AUTH_CREDENTIALS|MISCONFIGURED_AUTH_ENVIRONMENT)/,
    sentence: 'The browser could not make a token for Negotiate',
    saidBy: 'Chromium and what is made of it',
    causes: ['there is no ticket that the browser can see, or none for the host of the URL'],
    hint: 'klist; then kvno HTTP/host; then AuthServerAllowlist, the list of hosts that the browser trusts',
  },
];
