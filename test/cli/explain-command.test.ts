import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIBRARY_ERRORS } from '../../src/cli/explain/library.ts';
import { otherErrors } from '../../src/cli/explain/other.ts';
import { explain } from '../../src/cli/explain.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { errorName } from '../../src/messages/error-codes.ts';
import { ERROR_SENTENCES } from '../../src/messages/error-sentences.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';

async function run(...argv: string[]) {
  const io = captureIo();
  const status = await runCommand(explain, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

async function nameOf(...argv: string[]): Promise<string> {
  return JSON.parse((await run('--json', ...argv)).stdout).name;
}

it('tells what an error is called, who says it, why, and what to try', async () => {
  expect(await run('37')).toEqual({
    status: 0,
    stdout: [
      'KRB_AP_ERR_SKEW (37, in libraries -1765328347)',
      '  Clock skew too great',
      'Said by: a service or a KDC that received a ticket',
      'Usual causes:',
      '  - the clock of this host, of the KDC or of the service is off by more than five minutes',
      '  - a virtual machine has been suspended',
      'Try: set your clock, for example with NTP',
      '',
    ].join('\n'),
    stderr: '',
  });
});

it.each([
  ['8', 'two accounts have this name or SPN'],
  ['51', 'the path between the realms is not allowed'],
  ['63', 'the KDC has no certificate from a CA that you trust'],
  ['78', 'use a certificate that is signed with SHA-256'],
  ['80', 'does not accept the digest in the signature of the request'],
  ['SENDAUTH', 'check the host and the port'],
])('tells what to try after %s', async (error, hint) => {
  expect(JSON.parse((await run('--json', error)).stdout).hint).toContain(hint);
});

it('tells what to try after every error of the libraries', async () => {
  for (const { name } of LIBRARY_ERRORS) {
    expect(JSON.parse((await run('--json', name)).stdout).hint, name).toMatch(/\w/);
  }
});

describe('finds an error by', () => {
  it.each([
    ['the number of the protocol', '24'],
    ['the number that Windows logs', '0x18'],
    ['the number of the libraries', '-1765328360'],
    ['the same without its sign', '2529638936'],
    ['the name in the RFC', 'KDC_ERR_PREAUTH_FAILED'],
    ['the name in MIT, in any case', 'krb5kdc_err_preauth_failed'],
    ['the message', 'Preauthentication failed'],
    ['the line that has it', 'kinit: Preauthentication failed while getting initial credentials'],
    ['what Java says', 'KrbException: Pre-authentication information was invalid (24)'],
    ['a number in a line', 'Kerberos pre-authentication failed. Failure Code: 0x18'],
  ])('%s', async (_, text) => {
    expect(await nameOf(text)).toBe('KDC_ERR_PREAUTH_FAILED');
  });

  it.each([
    ["kinit: Client 'nobody@A.TEST' not found in Kerberos database", 'KDC_ERR_C_PRINCIPAL_UNKNOWN'],
    ['kvno: Server HTTP/x@A.TEST not found in Kerberos database while', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'],
    ["kinit: Cannot contact any KDC for realm 'A.TEST' while", 'KRB5_KDC_UNREACH'],
    ['klist: No credentials cache found (filename: /tmp/krb5cc_0)', 'KRB5_FCC_NOFILE'],
    ['Clock skew too great in KDC reply', 'KRB5_KDCREP_SKEW'],
    ['KDC_UNREACHABLE', 'KRB5_KDC_UNREACH'],
    ['AS_REQ 192.0.2.1: NEEDED_PREAUTH: alice@A.TEST for krbtgt/A.TEST@A.TEST', 'KDC_ERR_PREAUTH_REQUIRED'],
    ['PREAUTH_FAILED: alice@A.TEST for krbtgt/A.TEST, Preauthentication failed', 'KDC_ERR_PREAUTH_FAILED'],
    ['TGS_REQ 192.0.2.1: LOOKING_UP_SERVER: authtime 0', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'],
    ['kpasswd: krb5_get_init_creds: PREAUTH_FAILED', 'KDC_ERR_PREAUTH_FAILED'],
    ['kinit: krb5_get_kdc_cred: TICKET NOT RENEWABLE', 'KDC_ERR_BADOPTION'],
    ['krb5_get_creds: SERVER NOT ALLOWED (x/localhost@A.TEST)', 'KDC_ERR_MUST_USE_USER2USER'],
    ['klist: Unsupported credentials cache format version number (filename: /x)', 'KRB5_CCACHE_BADVNO'],
    [
      'Cannot determine realm for numeric host address while getting credentials for 10.0.0.1',
      'KRB5_ERR_NUMERIC_REALM',
    ],
    [
      'Request ticket server HTTP/web@A.TEST kvno 3 not found in keytab; keytab is likely out of date',
      'Request ticket server not found in keytab; keytab is likely out of date',
    ],
    [
      'Request ticket server host/a@A.TEST not found in keytab (ticket kvno 2)',
      'Request ticket server not found in keytab',
    ],
    [
      'Cannot decrypt ticket for HTTP/web@A.TEST using keytab key for HTTP/web@A.TEST',
      'Cannot decrypt ticket',
    ],
    [
      '80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563',
      'AcceptSecurityContext error, data 52e',
    ],
    ['Password change rejected: Password is too short', 'Password change rejected'],
    ['Decrypt integrity check failed', 'KRB_AP_ERR_BAD_INTEGRITY'],
  ])('names in its message: %s', async (text, name) => {
    expect(await nameOf(text)).toBe(name);
  });

  it('a message that is not quoted', async () => {
    expect(await nameOf('Ticket', 'expired')).toBe('KRB_AP_ERR_TKT_EXPIRED');
  });
});

describe('knows what others say:', () => {
  it.each([
    ['GSS_S_BAD_MECH', 'GSS_S_BAD_MECH'],
    ['851968', 'GSS_S_FAILURE'],
    ['0xd0000', 'GSS_S_FAILURE'],
    ['Unspecified GSS failure.  Minor code may provide more information', 'GSS_S_FAILURE'],
    [
      "GSSError: (('Unspecified GSS failure.  Minor code may provide more information', 851968), ('No Kerberos credentials available', -1765328243))",
      'KRB5_FCC_NOFILE',
    ],
    [
      'GSSException: No valid credentials provided (Mechanism level: Fail to create credential. (63) - No service creds)',
      'No service creds',
    ],
    [
      'GSSException: No valid credentials provided (Mechanism level: Server not found in Kerberos database (7))',
      'KDC_ERR_S_PRINCIPAL_UNKNOWN',
    ],
    [
      'GSSException: Defective token detected (Mechanism level: GSSHeader did not find the right tag)',
      'GSSHeader did not find the right tag',
    ],
    ['GSSException: Defective token detected', 'GSS_S_DEFECTIVE_TOKEN'],
    [
      'GSSException: Failure unspecified at GSS-API level (Mechanism level: Checksum failed)',
      'Checksum failed',
    ],
    ['KrbException: Clock skew too great (37)', 'KRB_AP_ERR_SKEW'],
    [
      'Cannot find key of appropriate type to decrypt AP-REQ - RC4 with HMAC',
      'Cannot find key of appropriate type',
    ],
    ['KrbException: Cannot locate KDC', 'Cannot locate default realm'],
    ['0xC000006D', 'STATUS_LOGON_FAILURE'],
    ['-1073741715', 'STATUS_LOGON_FAILURE'],
    ['Status: 0xC000006D', 'STATUS_LOGON_FAILURE'],
    ['STATUS_ACCOUNT_LOCKED_OUT', 'STATUS_ACCOUNT_LOCKED_OUT'],
    ['SEC_E_WRONG_PRINCIPAL', 'SEC_E_WRONG_PRINCIPAL'],
    ['-2146893022', 'SEC_E_WRONG_PRINCIPAL'],
    ['The target principal name is incorrect. Cannot generate SSPI context.', 'SEC_E_WRONG_PRINCIPAL'],
    ['The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server www$', 'KRB_AP_ERR_MODIFIED'],
    [
      'The trust relationship between this workstation and the primary domain failed.',
      'STATUS_TRUSTED_RELATIONSHIP_FAILURE',
    ],
    ['krb5_get_init_creds: Client (bob@A.TEST) unknown', 'KDC_ERR_C_PRINCIPAL_UNKNOWN'],
    ['kinit: unable to reach any KDC in realm A.TEST', 'KRB5_KDC_UNREACH'],
    ['Authorization: Negotiate TlRMTVNTUAABAAAA', 'NTLM instead of Kerberos'],
    ['SPNEGO cannot find mechanisms to negotiate', 'SPNEGO cannot find mechanisms to negotiate'],
    ["klist: Key table file '/x' not found while starting keytab scan", 'Key table file not found'],
    ['klist: No KCM server found while resolving ccache', 'No KCM server found'],
    ['Invalid UID in persistent keyring name while getting default ccache', 'Invalid keyring anchor name'],
    ['klist: krb5_cc_get_principal: get-principal lstat(/tmp/krb5cc_0)', 'No ticket file'],
    ['Refuses to open group/other readable files FILE:/tmp/cc', 'Refuses to open symlinks for caches'],
    ['klist: krb5_cc_resolve: unknown ccache type KEYRING:persistent:0', 'unknown ccache type'],
    ['kinit: krb5_parse_name_flags: unable to find realm of host www', 'unable to find realm of host'],
    ['fatal error: gssapi/gssapi.h: No such file or directory', 'gssapi/gssapi.h'],
    ['Error: libsecret-1.so.0: cannot open shared object file', 'libsecret-1.so.0'],
    ['HTTP/1.1 401 Unauthorized', '401 Unauthorized'],
    ['net::ERR_UNEXPECTED_SECURITY_LIBRARY_STATUS', 'ERR_UNEXPECTED_SECURITY_LIBRARY_STATUS'],
    ['400 Bad Request: Request Header Or Cookie Too Large', 'Request header too large'],
    [
      'KRBMessage_Handling_Error: AS_REP is not valid or client password/keytab incorrect < Decrypting_Error: error decrypting EncPart of AS_REP: integrity verification failed',
      'integrity verification failed',
    ],
    [
      'error decrypting AS_REP encrypted part: matching key not found in keytab. Looking for [alice] realm: A.TEST kvno: 4 etype: 18',
      'matching key not found in keytab',
    ],
    [
      '80090346: LdapErr: DSID-0C0905E4, comment: AcceptSecurityContext error, data 80090346, v3839',
      'AcceptSecurityContext error, data 80090346',
    ],
    ['data 52e', 'AcceptSecurityContext error, data 52e'],
    ['0x80090346', 'SEC_E_BAD_BINDINGS'],
    [
      'GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was not provided by any .service files',
      'The name org.freedesktop.secrets was not provided by any .service files',
    ],
    ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'Cannot autolaunch D-Bus without X11 $DISPLAY'],
    ['kinit: Internal credentials cache error while storing', 'KRB5_FCC_INTERNAL'],
    ['Credentials cache I/O operation failed', 'KRB5_CC_IO'],
    ['Bad encryption type while getting initial credentials', 'KRB5_BAD_ENCTYPE'],
    [
      'Credential cache directory /run/user/1000/krb5cc does not exist while getting default ccache',
      'Credential cache directory does not exist',
    ],
    ['39756044', 'Credential cache is empty'],
    [
      "Can't find client principal alice@A.TEST in cache collection",
      "Can't find client principal in cache collection",
    ],
    [
      'Included profile directory could not be read while initializing krb5',
      'Included profile directory could not be read',
    ],
    ['ASN.1 encoding ended unexpectedly', "ASN.1 identifier doesn't match expected value"],
    ['Cannot create cert chain: unable to get local issuer certificate', 'Failed to verify own certificate'],
    ['kvno: No key of the keytab opens the ticket', 'No key of the keytab opens the ticket'],
    ['The encryption type requested is not supported by the KDC.', 'SEC_E_KDC_UNKNOWN_ETYPE'],
    [
      'Encryption type AES256 CTS mode with HMAC SHA1-96 is not supported/enabled',
      'Encryption type is not supported/enabled',
    ],
    ['80090342', 'SEC_E_KDC_UNKNOWN_ETYPE'],
    ['c000006d', 'STATUS_LOGON_FAILURE'],
    ['KDC_ERR_ETYPE_NOTSUPP', 'KDC_ERR_ETYPE_NOSUPP'],
    [
      "KrbException: Identifier doesn't match expected value (906)",
      "Identifier doesn't match expected value",
    ],
    ['javax.security.sasl.SaslException: GSS initiate failed', 'GSS initiate failed'],
    [
      'GSS initiate failed [Caused by GSSException: No valid credentials provided (Mechanism level: Failed to find any Kerberos tgt)]',
      'Failed to find any Kerberos tgt',
    ],
    ['ldap_sasl_interactive_bind_s: Local error (-2)', 'Local error (-2)'],
    ['Cannot generate SSPI context.', 'Cannot generate SSPI context'],
    ['FATAL:  GSSAPI authentication failed for user "alice"', 'GSSAPI authentication failed for user'],
  ])('%s', async (text, name) => {
    expect(await nameOf(text)).toBe(name);
  });

  it('each by its name, number and sentence, with a cause or a meaning and something to try', async () => {
    for (const { name, number, sentence, causes, hint } of otherErrors()) {
      expect(await nameOf(name)).toBe(name);
      if (number !== undefined) expect(await nameOf(String(number))).toBe(name);
      expect(await nameOf(sentence)).toBeTypeOf('string');
      expect(causes.length + sentence.length, name).toBeGreaterThan(10);
      expect(hint, name).toMatch(/\w/);
    }
  });

  it('a status of Windows by its custom, and a message without a number without one', async () => {
    expect((await run('0xC0000072')).stdout).toMatch(
      /^STATUS_ACCOUNT_DISABLED \(0xc0000072\)\n {2}The account is disabled\nSaid by: [^\n]+\nTry: /,
    );
    expect((await run('Checksum failed')).stdout).toMatch(/^Checksum failed\n {2}/);
    const { stdout } = await run('--json', 'Checksum failed');
    expect(outputOf('explanation', stdout)).toMatchObject({ number: null, libraryNumber: null });
  });
});

it('knows every number by its number, its name and its sentence', async () => {
  for (const [number, sentence] of Object.entries(ERROR_SENTENCES)) {
    const name = errorName(Number(number));
    expect(await nameOf(number)).toBe(name);
    expect(await nameOf(name)).toBe(name);
    // Two numbers may share a sentence, of which the first is told.
    expect(JSON.parse((await run('--json', sentence)).stdout).sentence).toBe(sentence);
  }
});

it('knows every error of the libraries by the same', async () => {
  for (const { name, number, sentence } of LIBRARY_ERRORS) {
    expect(await nameOf(String(number - 1765328384))).toBe(name);
    expect(await nameOf(name)).toBe(name);
    expect(JSON.parse((await run('--json', sentence)).stdout).sentence).toBe(sentence);
  }
});

describe('the codes of krb5kit itself', () => {
  const union = readFileSync('src/errors.ts', 'utf8').split('export class')[0]!;
  const codes = [...union.matchAll(/^ {2}\| '(\w+)'/gm)].map(match => match[1]!);

  it('are all known, alone', async () => {
    expect(codes.length).toBeGreaterThan(50);
    for (const code of codes) {
      const { status, stdout } = await run('--json', code);
      expect([code, status]).toEqual([code, 0]);
      expect(outputOf('explanation', stdout).hint, code).toMatch(/\w/);
    }
  });

  it('are known in a line of JSON, too', async () => {
    expect(await nameOf('{"program":"kinit","code":"PREAUTH_FAILED","krbError":null}')).toBe(
      'KRB5_PREAUTH_FAILED',
    );
    expect(await nameOf('{"program":"kinit","code":"KEYCHAIN_LOCKED","krbError":null}')).toBe(
      'KEYCHAIN_LOCKED',
    );
  });
});

describe('what it suggests fits the causes:', () => {
  it('a missing trust names the realms', async () => {
    const { stdout } = await run(
      '--json',
      'kvno: Server krbtgt/B.TEST@A.TEST not found in Kerberos database while',
    );
    const { name, causes, hint } = outputOf('explanation', stdout);
    expect(name).toBe('KDC_ERR_S_PRINCIPAL_UNKNOWN');
    expect(causes[0]).toContain('no trust between A.TEST and B.TEST');
    expect(hint).toMatch(/B\.TEST.*capaths.*trust/);
  });

  it('a KDC of another realm is not a missing trust', async () => {
    const text = 'Server krbtgt/A.TEST@A.TEST not found in Kerberos database';
    const { causes, hint } = outputOf('explanation', (await run('--json', text)).stdout);
    expect(causes[0]).toContain('does not serve A.TEST');
    expect(causes.join() + hint).not.toContain('trust');
  });

  it.each([
    ['KDC reply did not match expectations', /upper case.*kinit -C/],
    ['KRB_AP_ERR_MODIFIED', /SPN.*keytab/],
  ])('%s', async (text, hint) => {
    const explanation = outputOf('explanation', (await run('--json', text)).stdout);
    expect(explanation.hint).toMatch(hint);
    expect(explanation.hint).not.toContain('attacker');
  });

  it('KRB_AP_ERR_MODIFIED is usually an SPN of another account', async () => {
    expect((await run('41')).stdout).toMatch(/Usual causes:\n {2}- the SPN belongs to another account/);
  });
});

it.each(['30', '99999', 'hello', '0xffffffff', '-5'])('fails for %s, which is no error', async text => {
  const { status, stdout, stderr } = await run(text);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toBe(`krb5kit explain: No explanation is known for '${text}'\n`);
});

it.each([
  ['skew', /; similar ones are KRB_AP_ERR_SKEW, KRB5_KDCREP_SKEW\n$/],
  ['clock skew', /; similar ones are KRB_AP_ERR_SKEW, KRB5_KDCREP_SKEW\n$/],
])('names errors in which the word %s occurs', async (text, expected) => {
  const { status, stderr } = await run(text);
  expect(status).toBe(1);
  expect(stderr).toMatch(expected);
});

it('keeps what could steer a terminal out of what it says', async () => {
  expect((await run('\u001b[31mhello')).stderr).toBe(
    "krb5kit explain: No explanation is known for '?[31mhello'\n",
  );
});

it('wants to be told what to explain', async () => {
  expect(await run()).toMatchObject({ status: 2, stdout: '' });
});
