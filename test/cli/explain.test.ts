import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { usualHint } from '../../src/cli/explain/hints.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { KerberosError } from '../../src/errors.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
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
    services: ['host/server'],
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
    expect(service.io.stderr).toMatch(/it has kvno 9 of host\/server@A\.TEST, the KDC says 1\n$/);
    const client = await run(kinit, `-k -t ${keytab} easy`, '', watched);
    expect(client.io.stderr).toMatch(/ {2}KDC's key for the AS-REP: .*, kvno 1\n/);
    expect(client.io.stderr).toMatch(/it has kvno 9 of easy@A\.TEST, the KDC says 1\n$/);
  });

  it('names the enctypes that only the KDC has', async () => {
    const { io } = await run(kinit, 'rc4', 'rc4pw\n', watched);
    expect(io.stderr).toMatch(/Try: .*(RC4 needs allow_rc4|new password)/);
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
    expect(io.stderr).toMatch(/^kvno: No KCM server found.* Try: see that a KCM server runs: /s);
  });

  it('of a place where no cache can be made sends nobody to kinit', async () => {
    const logIn = async (name: string) =>
      (await run(kinit, `-c ${name} alice`, 'alicepw\n', watched)).io.stderr;
    expect(await logIn(join(home, 'none/cc'))).toContain(
      `Try: make the directory ${join(home, 'none')}, or name`,
    );
    expect(await logIn('FILE:')).toMatch(
      /Try: give the cache a name: see -c and KRB5CCNAME, which is not to be/,
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
    [14, /permit|new password or key/],
    [18, /locked or disabled/],
    [21, /not valid yet/],
    [37, /set your clock right/],
    [60, /KDC's own log/],
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
      hint: expect.stringContaining('no service for new passwords'),
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
