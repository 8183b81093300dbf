import { describe, expect, it } from 'vitest';
import { hintFor } from '../../src/cli/explain/hints.ts';
import { lookupOutcome } from '../../src/cli/explain/lookups.ts';
import { storyOf } from '../../src/cli/explain/story.ts';
import { openSession } from '../../src/cli/session.ts';
import { ConfigError, type ErrorCode, KerberosError } from '../../src/errors.ts';
import { ActivityError } from '../../src/local/activity.ts';
import type { Fact } from '../../src/trace.ts';
import { captureIo } from '../support/io.ts';

type RequestFact = Extract<Fact, { readonly kind: 'request' }>;

function hintOf(error: KerberosError, ...facts: readonly Fact[]): string | undefined {
  const io = captureIo({ env: { KRB5_CONFIG: '/dev/null' } });
  const { trace } = openSession(io);
  for (const fact of facts) trace('', fact);
  return hintFor(storyOf(error, io));
}

/** The hint for an answer of a KDC. */
const answered = (errorCode: number, ...facts: readonly Fact[]) =>
  hintOf(Object.assign(new KerberosError('KDC_ERROR', 'x'), { errorCode }), ...facts);

/** The hint for an error of our own. */
const found = (code: ErrorCode, message: string, ...facts: readonly Fact[]) =>
  hintOf(new KerberosError(code, message), ...facts);

function request(client: string, server: string, more: Partial<RequestFact> = {}): Fact {
  const realm = 'A.TEST';
  return { kind: 'request', message: 'AS-REQ', client, server, realm, enctypes: [18], fast: false, ...more };
}
const login = request('alice@A.TEST', 'krbtgt/A.TEST@A.TEST');
const forService = (server: string) => request('alice@A.TEST', server, { message: 'TGS-REQ' });

describe('the hint for a client that is unknown', () => {
  it('has no options of kinit for kpasswd', () => {
    expect(answered(6, request('nobody@A.TEST', 'kadmin/changepw@A.TEST'))).toBe(
      'check the spelling of nobody@A.TEST',
    );
    expect(answered(6, login)).toMatch(/kinit -E .* kinit -C/);
  });

  it('does not suggest -E for what is a mail address already', () => {
    expect(answered(6, request('bob\\@corp.example@A.TEST', 'krbtgt/A.TEST@A.TEST'))).toBe(
      'check the spelling of bob@corp.example, which the KDC of A.TEST does not know',
    );
  });

  it('tells of the account of a service in Active Directory', () => {
    expect(answered(6, request('HTTP/web.a.test@A.TEST', 'krbtgt/A.TEST@A.TEST'))).toMatch(
      /^check the spelling of HTTP\/web\.a\.test@A\.TEST; in Active Directory, .* the account that has its SPN$/,
    );
  });
});

describe('the hint for a refused password', () => {
  const refused = (...padataTypes: readonly number[]) =>
    answered(
      24,
      login,
      { kind: 'offers', padataTypes },
      { kind: 'hints', enctypes: [18], enctype: 18, salt: 'A.TESTalice', usualSalt: true },
      { kind: 'mechanism', padataType: 2, name: 'encrypted timestamp' },
    );

  it('tells of one-time passwords only where a KDC can have them', () => {
    expect(refused(16, 2, 136, 19)).toMatch(/for a one-time password, use kinit --anonymous-armor$/);
    expect(refused(16, 15, 2, 136, 19)).toMatch(/^check the password: [^;]*$/);
  });
});

describe('the hint for a password that was not read', () => {
  it('asks for a new one where the old one has expired', () => {
    const change = request('alice@A.TEST', 'kadmin/changepw@A.TEST');
    expect(found('PASSWORD_UNREAD', 'Cannot read password', login, change)).toMatch(
      /^the password has expired: choose a new one/,
    );
    // kpasswd asks for a ticket of the password server from the start.
    expect(found('PASSWORD_UNREAD', 'Cannot read password', change)).toMatch(/^type the password/);
  });
});

it.each([
  [
    'PASSWORD_UNREAD',
    'Cannot read password: pw: No such file or directory',
    /that the password is to come from/,
  ],
  ['KEYTAB_FORMAT', 'Cannot read keytab: the variable is not set', /that the keytab is to come from/],
  ['CACHE_FORMAT', 'Cannot read cache: descriptor 7: Bad file descriptor', /that the cache is to come from/],
  ['KEYTAB_FORMAT', 'B64 contains neither a keytab nor one in base64', /base64 -w0 FILE/],
  ['KEYCHAIN_PASSPHRASE', 'The passphrases differ', /^type the same passphrase twice$/],
  ['KEYCHAIN_PASSPHRASE', 'The passphrase is wrong', /KRB5KIT_PASSPHRASE_FILE/],
  ['KEYTAB_FORMAT', "Key table file 'x' is damaged", /^the file is not a keytab/],
] as const)('the hint for %s, %s, looks where the secret is', (code, message, hint) => {
  expect(found(code, message)).toMatch(hint);
});

describe('the hint for a service', () => {
  it('without a host says how one is written', () => {
    expect(answered(7, forService('www.example.com@A.TEST'))).toBe(
      'write the service and its host, as in HTTP/www.example.com: no service is called www.example.com@A.TEST',
    );
  });

  it('without a usable key names its account, not that of the user', () => {
    expect(answered(14, forService('HTTP/old.a.test@A.TEST'))).toMatch(
      /^set a new password or key for HTTP\/old\.a\.test@A\.TEST: .*msDS-SupportedEncryptionTypes/,
    );
    expect(answered(14, login)).toMatch(/^set a new password or key for the account/);
  });

  it('to which no user may be delegated tells whom to ask', () => {
    expect(answered(13, forService('HTTP/back.a.test@A.TEST'))).toMatch(
      /may delegate users to HTTP\/back\.a\.test@A\.TEST .*msDS-AllowedToDelegateTo/,
    );
    expect(answered(13, forService('krbtgt/A.TEST@A.TEST'))).toMatch(/^leave out/);
  });

  it('that asks for a ticket to another in the name of a user tells whose name is wanted', () => {
    expect(found('PRINCIPAL_MALFORMED', 'Invalid argument')).toMatch(/^name the principal of the cache/);
    expect(found('PRINCIPAL_MALFORMED', 'Unable to identify user')).toMatch(/^name the principal: /);
    expect(found('PRINCIPAL_MALFORMED', 'Malformed representation of principal')).toMatch(/^write it as /);
  });
});

describe('the hint for a KDC that cannot be reached', () => {
  const failed = (reason: string): Fact => ({ kind: 'failed', target: 'udp kdc:88', reason });
  const unreached = (...reasons: readonly string[]) =>
    found('KDC_UNREACHABLE', 'x', login, ...reasons.map(failed));
  const DEFAULT: Fact = { kind: 'realm', realm: 'A.TEST', found: 'default_realm, /etc/krb5.conf:2' };

  it('names DNS only if it was at fault for all', () => {
    expect(unreached('getaddrinfo ENOTFOUND kdc', 'getaddrinfo EAI_AGAIN kdc')).toBe(
      'check the names of the KDCs above, the network and DNS',
    );
    expect(unreached('getaddrinfo ENOTFOUND kdc', 'connect ECONNREFUSED 192.0.2.1:88')).toMatch(
      /^check that the KDC is running/,
    );
    expect(unreached()).toMatch(/^check that the KDC is running/);
  });

  it('asks whether the default realm is that of the user', () => {
    expect(found('KDC_UNREACHABLE', 'x', DEFAULT, login, failed('getaddrinfo ENOTFOUND kdc'))).toMatch(
      /; if A\.TEST is not your realm, write yours after the name/,
    );
  });

  it('tells of a network without a route', () => {
    expect(unreached('connect ENETUNREACH 192.0.2.1:88')).toMatch(/^connect to the network or the VPN/);
  });

  it('does not suggest to change DNS where that does not answer', () => {
    const silent: Fact = { kind: 'lookup', query: 'SRV x', answers: [], failure: 'querySrv ECONNREFUSED x' };
    const none: Fact = { kind: 'lookup', query: 'SRV x', answers: [], failure: 'querySrv ENOTFOUND x' };
    expect(found('REALM_UNKNOWN', 'x', login, silent)).toMatch(/^connect to the network or the VPN, /);
    expect(found('REALM_UNKNOWN', 'x', login, silent, none)).toMatch(/or add one to DNS$/);
  });

  it('names the line that has a realm in the wrong case', () => {
    const chosen: Fact = { kind: 'realm', realm: 'a.test', found: 'default_realm, /etc/krb5.conf:2' };
    const lower = request('alice@a.test', 'krbtgt/a.test@a.test', { realm: 'a.test' });
    expect(found('REALM_UNKNOWN', 'x', chosen, lower)).toBe(
      'write the realm in upper case, as is usual: A.TEST (default_realm, /etc/krb5.conf:2)',
    );
  });

  it('asks for a name where a host without a realm is the client', () => {
    const host = request('host/vm@', 'krbtgt/@', { realm: '' });
    expect(found('REALM_UNKNOWN', 'x', host)).toMatch(/^name the principal, .*\[domain_realm\]/);
  });
});

it('the outcome of a query is told without the words of Node.js', () => {
  const outcome = (failure?: string, ...answers: readonly string[]) =>
    lookupOutcome({ kind: 'lookup', query: 'SRV x', answers, ...(failure !== undefined && { failure }) })
      .text;
  expect(outcome(undefined, 'a:88', 'b:88')).toBe('a:88, b:88');
  expect([outcome(), outcome('querySrv ENODATA x')]).toEqual(['no records', 'no records']);
  expect(outcome('connect ENETUNREACH 192.0.2.53:53')).toBe('no answer (ENETUNREACH)');
  expect(outcome('querySrv ESERVFAIL x')).toBe('querySrv ESERVFAIL x');
});

it.each(['ENOSPC', 'EDQUOT'])('the hint for a full disk, %s, asks for no permissions', code => {
  const full = new KerberosError('KEYTAB_IO', 'x', { cause: Object.assign(new Error(), { code }) });
  expect(hintFor(storyOf(new ActivityError('writing', full), captureIo()))).toMatch(/^free some space/);
});

it('the hint for a smart card names what is supported', () => {
  expect(found('PKINIT_IDENTITY', "smart cards are not supported yet: 'PKCS11:x'")).toMatch(/PKCS12:/);
});

it.each(['validating', 'renewing'])('%s a ticket for a service has nothing to do with delegation', doing => {
  const io = captureIo({ env: { KRB5_CONFIG: '/dev/null' } });
  openSession(io).trace('', forService('HTTP/localhost@A.TEST'));
  const refused = Object.assign(new KerberosError('KDC_ERROR', 'x'), { errorCode: 13 });
  const hint = hintFor(storyOf(new ActivityError(`${doing} credentials`, refused), io));
  expect(hint).toMatch(/^leave out what the KDC does not allow/);
});

it('the hint for a missing ticket has no options that only kvno has', () => {
  const missing = (activity: string) =>
    hintFor(
      storyOf(new ActivityError(activity, new KerberosError('CREDENTIAL_NOT_FOUND', 'x')), captureIo()),
    );
  expect(missing('getting credentials for host/server@A.TEST')).toBe('get a ticket with kinit');
  expect(missing('renewing credentials')).toBe('get a ticket with kinit');
});

it.each([
  [
    'KEYTAB_NO_KEY',
    'decrypting ticket for host/a@A.TEST',
    /^use another keytab with -k, .*: host\/b@A\.TEST$/,
  ],
  ['KEYTAB_NO_KEY', 'getting initial credentials', /^use another keytab, /],
  ['PKINIT_IDENTITY', 'reading certificate file nofile', /^check the path of the certificate/],
  ['PKINIT_IDENTITY', 'getting initial credentials', /X509_user_identity= and X509_anchors=/],
  ['ENCTYPE_UNSUPPORTED', 'converting etype', /^name an encryption type/],
] as const)('the hint for %s while %s has the options of that command', (code, activity, hint) => {
  const io = captureIo({ env: { KRB5_CONFIG: '/dev/null' } });
  const keytab = { kind: 'keytab', principal: 'host/a@A.TEST', keys: [], others: ['host/b@A.TEST'] } as const;
  openSession(io).trace('', keytab);
  expect(hintFor(storyOf(new ActivityError(activity, new KerberosError(code, 'x')), io))).toMatch(hint);
});

it.each(['CACHE_NOT_FOUND', 'TICKET_EXPIRED'] as const)(
  'the hint for an armor, %s, is about the armor',
  code => {
    expect(found(code, 'Error constructing AP-REQ armor: x')).toMatch(/^get a ticket for the armor/);
    expect(found(code, 'x')).not.toContain('armor');
  },
);

it('the hint for a keytab without the key names what lists its keys', () => {
  expect(found('KEYTAB_NO_KEY', 'There is no such key in FILE:kt')).toContain('klist -k');
});

it('the hint for a file that cannot be read does not ask to correct it', () => {
  const unreadable = (line?: number) =>
    hintOf(new ConfigError('CONFIG_UNREADABLE', 'x', { file: '/krb5.conf', ...(line && { line }) }));
  expect(unreadable()).toBe('check that /krb5.conf exists, and make it readable for this user');
  expect(unreadable(3)).toMatch(/^make what \/krb5\.conf, line 3 includes .*, or remove that line$/);
});

it('the hint for a missing default realm blames KRB5_CONFIG where that names no file', () => {
  const config = (skipped: readonly string[]): Fact => ({
    kind: 'config',
    files: ['/nofile'],
    from: 'KRB5_CONFIG',
    skipped,
  });
  expect(found('CONFIG_NO_DEFAULT_REALM', 'x', config(['/nofile']))).toMatch(/or set KRB5_CONFIG to the/);
  expect(found('CONFIG_NO_DEFAULT_REALM', 'x', config([]))).toMatch(/or set default_realm .* of \/nofile$/);
});
