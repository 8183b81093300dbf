import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { hintFor, usualHint } from '../../src/cli/explain/hints.ts';
import { storyOf } from '../../src/cli/explain/story.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { CcacheError, KerberosError } from '../../src/errors.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { MethodData } from '../../src/messages/types.ts';
import type { Fact } from '../../src/trace.ts';
import { scratch } from '../ccache/samples.ts';
import { type CapturedIo, type CaptureOptions, captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { fakeKdc, krbError } from '../transport/fake-kdc.ts';

let kdc: RunningKdc;
let home: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'alicepw' },
      { name: 'easy', password: 'easypw', requiresPreauth: false },
      { name: 'rc4', password: 'rc4pw', enctypes: [23] },
    ],
    services: ['host/server', { name: 'strict/server', requiresIndicators: ['pkinit'] }],
  });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  home = scratch();
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
});

async function run(command: Command, line: string, stdin = '', options: CaptureOptions = {}) {
  const env = {
    HOME: home,
    KRB5_CONFIG: join(home, 'krb5.conf'),
    KRB5CCNAME: `FILE:${join(home, 'cc')}`,
    ...options.env,
  };
  const io = captureIo({ ...options, env, uid: process.geteuid?.(), stdin });
  const status = await runCommand(
    command,
    line.split(' ').filter(word => word !== ''),
    io,
  );
  return { status, io };
}

const watched = { stderrIsTerminal: true, columns: 1000 };

function failureIn({ stderr }: CapturedIo) {
  return outputOf('failure', stderr);
}

describe('a failure', () => {
  it.each([
    [kinit, 'alice', 'wrong\n'],
    [kinit, 'nobody', ''],
    [kvno, 'host/server', ''],
    [kpasswd, 'alice', 'wrong\n'],
  ] as const)('is one line where stderr is no terminal: %o %s', async (command, line, stdin) => {
    const { status, io } = await run(command, line, stdin);
    expect([status, io.stderr.split('\n').length]).toEqual([1, 2]);
    const { io: terminal } = await run(command, line, stdin, watched);
    expect(terminal.stderr.startsWith(io.stderr)).toBe(true);
    expect(terminal.stderr.length).toBeGreaterThan(io.stderr.length);
    expect(terminal.stdout).toBe(io.stdout);
  });

  it('is not explained to those who gave up', async () => {
    const readPassword = () =>
      Promise.reject(new KerberosError('PASSWORD_INTERRUPTED', 'Password read interrupted'));
    const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${join(home, 'cc')}` };
    const io = Object.assign(captureIo({ ...watched, env }), { readPassword });
    expect(await runCommand(kinit, ['alice'], io)).toBe(1);
    expect(io.stderr).toBe('kinit: Password read interrupted while getting initial credentials\n');
  });

  it('is explained with -V as well', async () => {
    const { io } = await run(kinit, '-V alice', 'wrong\n');
    expect(io.stderr).toMatch(/^kinit: Password incorrect [^\n]*\n {2}Configuration: /m);
  });

  it('is left alone by commands that ask no KDC', async () => {
    const { io } = await run(klist, '', '', watched);
    expect(io.stderr).toBe(`klist: No credentials cache found (filename: ${home}/cc)\n`);
  });

  it('of a success leaves no trace', async () => {
    const { status, io } = await run(kinit, 'alice', 'alicepw\n', watched);
    expect([status, io.stderr]).toEqual([0, '']);
  });

  it("tells the line that chose the realm, the principal's own or that of a host", async () => {
    await run(kinit, 'alice', 'alicepw\n');
    expect((await run(kinit, 'x', '', watched)).io.stderr).toMatch(
      /^ {2}Realm: A\.TEST \(default_realm, .*krb5\.conf:\d+\)$/m,
    );
    expect((await run(kinit, 'x@A.TEST', '', watched)).io.stderr).toContain(
      '  Realm: A.TEST (the name itself)\n',
    );
    writeFileSync(
      join(home, 'krb5.conf'),
      `${kdc.krb5Conf()}\n[domain_realm]\n  .example.com = A.TEST\n[libdefaults]\n  dns_canonicalize_hostname = false\n`,
    );
    expect((await run(kvno, '-S nope www.example.com', '', watched)).io.stderr).toMatch(
      /^ {2}Realm: A\.TEST \(domain_realm, .*krb5\.conf:\d+\)$/m,
    );
  });

  it('compares the key version of a keytab with the one that the KDC names', async () => {
    const stale = (name: string) =>
      kdc.keytab(name).map(({ key, ...entry }) => ({
        ...entry,
        kvno: 9,
        key: { ...key, keyvalue: key.keyvalue.map(byte => byte ^ 1) },
      }));
    const keytab = join(home, 'kt');
    writeFileSync(keytab, KeytabFile.encode([...stale('host/server'), ...stale('easy')]));
    await run(kinit, 'alice', 'alicepw\n');
    const service = await run(kvno, `-k ${keytab} host/server`, '', watched);
    expect(service.io.stderr).toMatch(/ {2}KDC's key for the ticket of host\/server@A\.TEST: .*, kvno 1\n/);
    expect(service.io.stderr).toMatch(/it has kvno 9 of host\/server@A\.TEST, but the KDC has 1\n$/);
    const client = await run(kinit, `-k -t ${keytab} easy`, '', watched);
    expect(client.io.stderr).toMatch(/ {2}KDC's key for the AS-REP: .*, kvno 1\n/);
    expect(client.io.stderr).toMatch(/it has kvno 9 of easy@A\.TEST, but the KDC has 1\n$/);
  });

  it('names the enctypes that only the KDC has', async () => {
    const { io } = await run(kinit, 'rc4', 'rc4pw\n', watched);
    expect(io.stderr).toMatch(/Try: .*(RC4 also needs allow_rc4|new password)/);
  });

  it('tells which line of the configuration is faulty', async () => {
    writeFileSync(join(home, 'krb5.conf'), `${kdc.krb5Conf()}\n[libdefaults]\n  clockskew = soon\n`);
    const { io } = await run(kinit, 'alice', '', watched);
    expect(io.stderr).toMatch(/^kinit: .*krb5\.conf:(\d+): .* {2}Try: correct .*krb5\.conf, line \1\n$/s);
  });

  it('tells of a default realm that is missing where to put it', async () => {
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\n');
    const { io } = await run(kinit, 'alice', '', watched);
    expect(io.stderr).toMatch(/ {2}Try: write the realm after the name, .* of .*krb5\.conf\n$/);
  });

  it('is not explained to whoever types two new passwords that differ', async () => {
    const users = [{ name: 'alice', password: 'alicepw' }];
    const own = await startKdc({ realm: 'A.TEST', users, passwordPort: 0 });
    try {
      writeFileSync(join(home, 'krb5.conf'), own.krb5Conf());
      const { io } = await run(kpasswd, 'alice', 'alicepw\none\nother\n', watched);
      expect(io.stderr).toBe('kpasswd: Password mismatch while reading password\n');
    } finally {
      await own.close();
    }
  });

  it('asks for no disk space where the cache is with a server that does not run', async () => {
    writeFileSync(join(home, 'krb5.conf'), `[libdefaults]\n  kcm_socket = ${home}/none\n${kdc.krb5Conf()}`);
    const { io } = await run(kvno, 'host/server', '', { ...watched, env: { KRB5CCNAME: 'KCM:' } });
    expect(io.stderr).toMatch(/^kvno: No KCM server found.* Try: start a KCM server, /s);
  });

  it('of a place where no cache can be made sends nobody to kinit', async () => {
    const logIn = async (name: string) =>
      (await run(kinit, `-c ${name} alice`, 'alicepw\n', watched)).io.stderr;
    expect(await logIn(join(home, 'none/cc'))).toContain(
      `Try: create the directory ${join(home, 'none')}, or use`,
    );
    expect(await logIn('FILE:')).toMatch(
      /Try: give the cache a name: see -c and KRB5CCNAME, which must not be empty/,
    );
  });

  it('fits the terminal, and is the same text all the same', async () => {
    const { io: wide } = await run(kinit, 'alice', 'wrong\n', watched);
    const { io: narrow } = await run(kinit, 'alice', 'wrong\n', { ...watched, columns: 40 });
    const lines = narrow.stderr.split('\n');
    const words = new Set(wide.stderr.split(/\s+/));
    expect(lines.filter(line => line.length > 40).every(line => words.has(line.trim()))).toBe(true);
    expect(narrow.stderr.replaceAll(/\s+/g, ' ')).toBe(wide.stderr.replaceAll(/\s+/g, ' '));
  });

  it('shows control characters of others as question marks', async () => {
    const { io } = await run(kinit, 'ali\u001b[31mce', '', watched);
    expect(io.stderr).not.toContain('\u001b');
  });
});

it.each([
  ['KEYCHAIN_KEY_LOST', /kinit/],
  ['KEYCHAIN_PASSPHRASE', /KRB5KIT_PASSPHRASE_FILE.*krb5kit logout/],
] as const)('there is something to try after %s', (code, hint) => {
  expect(usualHint({ code })).toMatch(hint);
});

describe('the hint for what a KDC answers', () => {
  it.each([
    [1, /account has expired/],
    [6, /check the spelling of alice@A\.TEST/],
    [12, /policy/],
    [14, /allow|new password or key/],
    [18, /locked, disabled or expired/],
    [21, /not valid yet/],
    [37, /set your clock/],
    [60, /log of the KDC/],
    [62, /certificate/],
    [68, /kinit -C/],
    [72, /revoked/],
    [76, /pkinit_anchors/],
  ])('%i', async (number, hint) => {
    await using server = await fakeKdc({ udp: () => krbError(number) });
    writeFileSync(
      join(home, 'krb5.conf'),
      `[libdefaults]\n  default_realm = A.TEST\n[realms]\n  A.TEST = {\n    kdc = 127.0.0.1:${server.port}\n  }\n`,
    );
    // The KDC says that it is noon.
    const now = () => new Date('2026-11-22T12:10:30Z');
    const { io } = await run(kinit, '--json alice', 'x\n', { now });
    const failure = failureIn(io);
    expect(failure.krbError.number).toBe(number);
    expect(failure.hint).toMatch(hint);
    expect(failure.clock).toBe(`your clock is 10 min 30 s ahead of KDC 127.0.0.1:${server.port}`);
  });
});

describe('the hint for a service', () => {
  const hintOf = async (server: string) => {
    await run(kinit, 'alice', 'alicepw\n');
    return failureIn((await run(kvno, `--json ${server}`)).io).hint;
  };

  it.each([
    ['in the wrong case', 'HOST/Server', /^use host\/server: .*case-sensitive/],
    ['named like a scheme or a program', 'sshd/server', /^use host\/server: .* begin with host$/],
    ['of an address', 'host/192.0.2.1', /^use the host's name instead of its address/],
    ['of an address of IPv6', 'host/2001:db8::1', /^use the host's name instead of its address/],
    [
      'that nobody knows',
      'host/other',
      /^check the service and the host's full name \(asked for: host\/other@/,
    ],
    [
      'of a realm without a path',
      'host/server@NO.SUCH.TEST',
      /^the realm A\.TEST has no path to NO\.SUCH\.TEST: /,
    ],
    [
      'of a realm in lower case',
      'host/server@b.test',
      /^write the realm in upper case, as is usual: B\.TEST$/,
    ],
    [
      'that requires another login',
      'strict/server',
      /requires a stronger login \(an authentication indicator\)/,
    ],
  ])('%s', async (_, server, hint) => {
    expect(await hintOf(server)).toMatch(hint);
  });
});

describe('a UPN of Active Directory as the name', () => {
  const failureOf = async (name: string) => (await run(kinit, name, '', watched)).io.stderr;

  it('is told from a realm in lower case', async () => {
    expect(await failureOf('alice@corp.example')).toMatch(
      /^kinit: warning: .*; -C -E is for mail addresses and UPNs\n.* {2}Try: if alice@corp\.example is a mail address or a UPN, .* A\.TEST with kinit -C -E alice@corp\.example; otherwise .*CORP\.EXAMPLE\n$/s,
    );
    expect(await failureOf('alice@CORP.EXAMPLE')).toContain('kinit -C -E alice@CORP.EXAMPLE\n');
  });

  it('is no topic where the realm is only in the wrong case', async () => {
    const text = await failureOf('alice@a.test');
    expect(text).toContain('Try: write the realm in upper case, as is usual: A.TEST\n');
    // The name of a temporary directory, which is in it, may have a hyphen and an E.
    expect(text).not.toMatch(/UPN| -E/);
  });
});

describe('keys of the client that are not permitted', () => {
  /** The hint of kinit with a KDC that has no key of an enctype that is asked for, and so names none, as MIT's does. */
  async function hintWith(types: readonly number[], line: string): Promise<string> {
    const offers = types.map(padataType => ({ padataType, padataValue: new Uint8Array(0) }));
    await using server = await fakeKdc({ udp: () => krbError(25, MethodData.encode(offers)) });
    writeFileSync(
      join(home, 'krb5.conf'),
      `[libdefaults]\n  default_realm = A.TEST\n[realms]\n  A.TEST = {\n    kdc = 127.0.0.1:${server.port}\n  }\n`,
    );
    const now = () => new Date('2026-11-22T12:00:00Z');
    return failureIn((await run(kinit, `--json ${line}`, 'x\n', { now })).io).hint;
  }

  it.each([
    [
      [16],
      /^set a new password, which creates AES keys; .*allow_rc4.*; an account without a password needs a cert/,
    ],
    [[2], /^set a new password, which creates AES keys; [^;]*permits RC4$/],
  ])('get a hint to set a password, whatever else is offered: %j', async (types, hint) => {
    expect(await hintWith(types, 'rc4')).toMatch(hint);
  });

  it('are not called old if they are the only ones in a keytab', async () => {
    const keytab = join(home, 'kt');
    const key = { keytype: 23, keyvalue: new Uint8Array(16).fill(1) };
    writeFileSync(keytab, KeytabFile.encode([{ ...kdc.keytab('rc4')[0]!, key }]));
    expect(await hintWith([16], `-k -t ${keytab} rc4`)).toMatch(
      /^set a new password or key for rc4@A\.TEST, .* only has arcfour-hmac, not permitted here/,
    );
  });

  it('may be missing in the KDC alone', async () => {
    const keytab = join(home, 'kt');
    writeFileSync(keytab, KeytabFile.encode(kdc.keytab('alice')));
    expect(await hintWith([16], `-k -t ${keytab} alice`)).toMatch(
      /^set a new password, which creates AES keys/,
    );
  });
});

describe('the hint for facts that are rare', () => {
  function hintOf(errorCode: number, ...facts: readonly Fact[]): string | undefined {
    const tried = facts.map(fact => ({ time: new Date(), text: '', fact }));
    return hintFor(
      storyOf(Object.assign(new KerberosError('KDC_ERROR', 'x'), { errorCode, tried }), captureIo()),
    );
  }
  const request = (server: string): Fact => ({
    kind: 'request',
    message: 'AS-REQ',
    client: 'alice@A.TEST',
    server,
    realm: 'A.TEST',
    enctypes: [18],
    fast: false,
  });

  it('does not suggest RC4, or an enctype that is unknown here, to an account with keys of 3DES alone', () => {
    const hints: Fact = { kind: 'hints', enctypes: [16], enctype: undefined, salt: '', usualSalt: true };
    expect(hintOf(14, request('krbtgt/A.TEST@A.TEST'), hints)).toBe(
      'set a new password, which creates AES keys',
    );
  });

  it('does not blame a trust if the KDC does not serve its own realm', () => {
    expect(hintOf(7, request('krbtgt/A.TEST@A.TEST'))).toMatch(
      /^check the KDC addresses .* the realm A\.TEST$/,
    );
  });

  it('takes the name of a service literally', () => {
    expect(hintOf(7, request('constructor/server@A.TEST'))).toMatch(/^check the service and /);
  });
});

it.each([
  ['AS-REQ', 'A.TEST', /kinit -C/],
  ['TGS-REQ', 'A.TEST', /^check the KDC addresses above/],
  ['AS-REQ', 'a.test', /upper case.*A\.TEST/],
] as const)('a reply that does not match a %s in %s', (message, realm, hint) => {
  const request = {
    kind: 'request',
    message,
    client: '',
    server: '',
    realm,
    enctypes: [],
    fast: false,
  } as const;
  const error = new KerberosError('REPLY_MODIFIED', 'x');
  error.tried = [{ time: new Date(), text: '', fact: request }];
  expect(hintFor(storyOf(error, captureIo()))).toMatch(hint);
});

it.each([
  ['Internal credentials cache error', /^destroy caches .* SSSD/],
  [
    'The KCM server closed the connection; it seems to accept no request of 240000 bytes',
    /KEYCHAIN: or a file/,
  ],
  ['KCM servers accept no request of more than 10485760 bytes', /KEYCHAIN: or a file/],
  ['The KCM server closed the connection', /^start a KCM server/],
])('goes by what a KCM server does: %s', (message, hint) => {
  const error = new CcacheError('CACHE_IO', message, 'KCM:');
  expect(hintFor(storyOf(error, captureIo()))).toMatch(hint);
});

it('suggests a passphrase where there is no keychain, unless the user has chosen another', () => {
  const hintOf = (message: string) =>
    hintFor(storyOf(new KerberosError('KEYCHAIN_UNAVAILABLE', message), captureIo()));
  expect(hintOf('The OS keychain cannot be used: there is no D-Bus session')).toMatch(
    /KRB5KIT_KEYCHAIN=passphrase.*FILE:/,
  );
  expect(hintOf('The keychain cannot be used: KRB5KIT_KEYCHAIN is none')).not.toContain('passphrase');
});

describe('--json', () => {
  it('is one object on one line of stderr, for each failure of kvno, and one on stdout for each ticket', async () => {
    await run(kinit, 'alice', 'alicepw\n');
    const { status, io } = await run(kvno, '--json host/server nope/server');
    expect(status).toBe(1);
    expect(JSON.parse(io.stdout)).toMatchObject({
      server: 'host/server@A.TEST',
      kvno: 1,
      enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
      endtime: expect.stringMatching(/Z$/),
      keytab: null,
    });
    expect(failureIn(io)).toMatchObject({
      program: 'kvno',
      code: 'KDC_ERROR',
      krbError: { number: 7, name: 'KDC_ERR_S_PRINCIPAL_UNKNOWN' },
      message: 'Server nope/server@A.TEST not found in Kerberos database',
      activity: 'getting credentials for nope/server@A.TEST',
      exitStatus: 1,
    });
  });

  it('tells of a wrong command line, too', async () => {
    const { status, io } = await run(kinit, '--json -f -F alice');
    expect(status).toBe(2);
    expect(failureIn(io)).toMatchObject({
      code: 'USAGE',
      message: 'Only one of -f and -F allowed',
      exitStatus: 2,
      krbError: null,
      activity: null,
      tried: [],
    });
    const unknown = await run(kinit, '--json --bogus');
    expect(failureIn(unknown.io)).toMatchObject({
      code: 'USAGE',
      message: "kinit: unrecognized option '--bogus'",
    });
  });

  it('tells of kpasswd, with what the KDC answered', async () => {
    const { io } = await run(kpasswd, '--json alice', 'wrong\n');
    expect(failureIn(io)).toMatchObject({
      program: 'kpasswd',
      code: 'KDC_ERROR',
      krbError: { number: 7 },
      message: 'Server not found in Kerberos database',
      hint: expect.stringContaining('no password server'),
      activity: 'getting initial ticket',
    });
  });

  it('holds times in UTC and enctypes with their names', async () => {
    const { io } = await run(kinit, '--json alice', 'wrong\n', {
      now: () => new Date('2026-11-22T21:30:00Z'),
    });
    const { time, tried } = failureIn(io);
    expect(time).toBe('2026-11-22T21:30:00.000Z');
    expect(tried.find(({ kind }: { kind: string }) => kind === 'request').enctypes[0]).toEqual({
      number: 18,
      name: 'aes256-cts-hmac-sha1-96',
    });
    expect(tried.find(({ kind }: { kind: string }) => kind === 'offers').padataTypes).toContainEqual({
      number: 2,
      name: 'PA-ENC-TIMESTAMP',
    });
  });

  it('leaves a command of letters alone one of letters', async () => {
    const { io } = await run(kpasswd, '--other');
    expect(io.stderr).toBe("kpasswd: invalid option -- '-'\nusage: kpasswd [principal]\n");
  });
});
