import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import type { Command } from '../../src/cli/command.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { theirs } from '../support/both-programs.ts';
import { runBuilt } from '../support/built-commands.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';
import { hasPty, remaining, runInPty } from '../support/pty.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';

describePeer('mit-kdc', () => {
  let pki: Pki;
  let dir: string;
  let kdc: MitKdc;
  /** Places in the clients' krb5.conf, as `FILE:LINE`. */
  let place: (line: RegExp) => string;

  beforeAll(async () => {
    pki = createPki('A.TEST');
    dir = pki.dir;
    kdc = await startMitKdc({
      passwordServer: true,
      realm: pki.kdcLines,
      libdefaults: [...pki.clientLines, 'spake_preauth_groups = edwards25519'],
      kdcdefaults: ['spake_preauth_kdc_challenge = edwards25519'],
      principals: [
        'addprinc -pw changerpw changer',
        'addpol -minlength 12 strict',
        'addprinc -policy strict -pw long-enough-password governed',
        'addprinc -pw rc4pw -e arcfour-hmac:normal rc4user',
        'addprinc -randkey WELLKNOWN/ANONYMOUS',
        'addprinc -randkey guarded/localhost',
        'setstr guarded/localhost require_auth pkinit',
        // What the keytab has is then two versions old, and one.
        `ktadd -k ${dir}/old.keytab nopreauth`,
        'cpw -pw another nopreauth',
        `ktadd -k ${dir}/older.keytab HTTP/localhost`,
      ],
    });
    kdc.kadmin(['cpw -randkey HTTP/localhost']);
    place = line => {
      const lines = readFileSync(kdc.krb5Conf, 'utf8').split('\n');
      return `${kdc.krb5Conf}:${lines.findIndex(text => line.test(text)) + 1}`;
    };
  });
  afterAll(async () => {
    await kdc?.stop();
    pki?.remove();
  });

  async function onTerminal(command: Command, line: string, stdin = '', options: CaptureOptions = {}) {
    const env = { ...kdc.env, ...options.env };
    // Wide enough that nothing is wrapped, unless that is asked for.
    const { columns = 1000, stderrIsTerminal = true } = options;
    const io = captureIo({ ...options, env, stdin, uid: process.getuid?.(), columns, stderrIsTerminal });
    const status = await runCommand(command, wordsOf(line), io);
    return { status, stdout: io.stdout, stderr: remaining(io.stderr) };
  }

  function wordsOf(line: string): readonly string[] {
    return line.split(' ').map(word => word.replace('~', dir));
  }

  /** A krb5.conf of the realm's with changes. */
  function changed(
    name: string,
    ...changes: readonly (readonly [RegExp, string])[]
  ): { KRB5_CONFIG: string } {
    const text = changes.reduce(
      (text, [from, to]) => text.replace(from, to),
      readFileSync(kdc.krb5Conf, 'utf8'),
    );
    const file = join(dir, name);
    writeFileSync(file, text);
    return { KRB5_CONFIG: file };
  }

  it('is wrapped where somebody reads it, and never on a pipe', async () => {
    const narrow = await onTerminal(kinit, 'alice', 'wrong\n', { columns: 60 });
    const [, ...lines] = narrow.stderr.split('\n');
    expect(lines.filter(text => text.length > 60 && text.trim().includes(' '))).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}\S/));
    const piped = await onTerminal(kinit, '-V alice', 'wrong\n', { columns: 60, stderrIsTerminal: false });
    expect(piped.stderr).toMatch(/\n {2}Enctypes offered: .{60,}\n/);
    expect(piped.stderr).not.toMatch(/\n {4}/);
    expect(unwrapped(narrow.stderr)).toContain(piped.stderr.slice(piped.stderr.indexOf('  Configuration')));
  });

  /** What a terminal shows, with the lines whole that were wrapped. */
  function unwrapped(shown: string): string {
    return shown.replaceAll('\r', '').replaceAll(/\n {4}(?=\S)/g, ' ');
  }

  describe.skipIf(!hasPty())('on a pseudo-terminal', () => {
    const built = (name: string, ...args: readonly string[]): string[] => [
      'env',
      ...Object.entries({ ...kdc.env, KRB5CCNAME: `FILE:${dir}/pty` }).map(
        ([key, value]) => `${key}=${value}`,
      ),
      process.execPath,
      join(import.meta.dirname, '../../bin', name),
      ...args,
    ];

    it("a failure is MIT's line, and then what led to it", () => {
      const { shown, status } = runInPty(built('kinit', 'alice'), [{ expect: 'A.TEST: ', send: 'wrong\n' }]);
      expect(status).toBe(1);
      const lines = unwrapped(remaining(shown));
      expect(lines).toContain(
        `kinit: Password incorrect while getting initial credentials\n  Configuration: ${kdc.krb5Conf} (KRB5_CONFIG)\n`,
      );
      expect(lines).toContain(`  Realm: A.TEST (default_realm, ${place(/default_realm/)})\n`);
      expect(lines).toMatch(/ {2}Try: check the password: .*\n$/);
    });

    it('a success is nothing but itself', () => {
      const { shown } = runInPty(built('kinit', 'alice'), [{ expect: 'A.TEST: ', send: 'alicepw\n' }]);
      expect(remaining(shown)).toBe('Password for alice@A.TEST: \r\n');
    });
  });

  it.each([
    ['a wrong password', kinit, 'alice', 'wrong\n'],
    ['an unknown principal', kinit, 'nobody', 'x\n'],
    ['an account that has expired', kinit, 'dead', 'deadpw\n'],
    ['a locked account', kinit, 'disabled', 'disabledpw\n'],
    ['a password server that refuses the old password', kpasswd, 'alice', 'wrong\n'],
  ] as const)(
    "%s is MIT's line alone where nobody watches, and comes first where somebody does",
    async (_, command, line, stdin) => {
      const reference = theirs(command, wordsOf(line), kdc.env, stdin);
      expect(reference.status).toBe(1);
      expect(await runBuilt(command.name, wordsOf(line), { env: kdc.env, input: stdin })).toEqual(reference);
      const { status, stderr } = await onTerminal(command, line, stdin);
      expect([status, stderr.startsWith(reference.stderr)]).toEqual([1, true]);
      expect(stderr.slice(reference.stderr.length)).toMatch(
        /^( {2}[A-Z][^\n]*: [^\n]+\n){3,} {2}Try: [^\n]+\n$/,
      );
    },
  );

  it("a realm in small letters is warned of, and then MIT's line", async () => {
    const reference = theirs(kinit, ['alice@a.test'], kdc.env, 'x\n');
    const { status, stderr } = await onTerminal(kinit, 'alice@a.test', 'x\n', { stderrIsTerminal: false });
    expect(stderr).toBe(
      `kinit: warning: the realm a.test is not in upper case; realms are case-sensitive, and usually A.TEST\n${reference.stderr}`,
    );
    expect(status).toBe(reference.status);
  });

  it('says of a wrong password what was tried, by both sides', async () => {
    // Over TCP, a KDC that is slow to answer would be asked as well.
    const env = changed('udp.conf', [/kdc = (?=127)/, 'kdc = udp/']);
    const at = (line: RegExp) => place(line).replace(kdc.krb5Conf, env.KRB5_CONFIG);
    const { stderr } = await onTerminal(kinit, 'alice', 'wrong\n', { env });
    expect(stderr.split('\n').slice(1)).toEqual([
      `  Configuration: ${env.KRB5_CONFIG} (KRB5_CONFIG)`,
      `  Realm: A.TEST (default_realm, ${at(/default_realm/)})`,
      '  Asked: the KDC of A.TEST for alice@A.TEST -> krbtgt/A.TEST@A.TEST (AS-REQ)',
      `  KDC: udp 127.0.0.1:${kdc.port} (kdc, ${at(/ kdc = /)}): answered`,
      '  Answer: KDC_ERR_PREAUTH_FAILED (24) from the KDC of A.TEST: "PREAUTH_FAILED"',
      expect.stringMatching(/^ {2}Enctypes offered: aes256-cts-hmac-sha1-96, aes128-cts-hmac-sha1-96, /),
      '  Enctypes that the KDC names for the client: aes256-cts-hmac-sha1-96',
      '  Key: aes256-cts-hmac-sha1-96, salt "A.TESTalice" (the default one)',
      expect.stringMatching(/^ {2}Pre-authentication offered: .*PA-ENC-TIMESTAMP/),
      expect.stringMatching(/^ {2}Pre-authentication tried: \w/),
      expect.stringMatching(/^ {2}Try: check the password/),
      '',
    ]);
    const salted = await onTerminal(kinit, 'saltuser', 'wrong\n');
    expect(salted.stderr).toContain('(not the default one)\n');
  });

  it('says of each KDC how it was found, and what it did', async () => {
    const dead = changed('dead.conf', [/kdc = 127.0.0.1:\d+/, 'kdc = 127.0.0.1:1\n    kdc = [::1]:1']);
    const { stderr } = await onTerminal(kinit, 'alice', '', { env: dead });
    const line = readFileSync(dead.KRB5_CONFIG, 'utf8').split('\n').indexOf('    kdc = 127.0.0.1:1') + 1;
    expect(stderr).toContain("Cannot contact any KDC for realm 'A.TEST' while getting initial credentials\n");
    for (const protocol of ['udp', 'tcp']) {
      expect(stderr).toContain(
        `  KDC: ${protocol} 127.0.0.1:1 (kdc, ${dead.KRB5_CONFIG}:${line}): connection refused: nothing is listening there\n`,
      );
      expect(stderr).toContain(`  KDC: ${protocol} [::1]:1 (kdc, ${dead.KRB5_CONFIG}:${line + 1}): `);
    }
    expect(stderr).toMatch(/Try: check that the KDC is running/);
  });

  it('names the dead one of three KDCs', async () => {
    const three = changed('three.conf', [
      /kdc = (127.0.0.1:\d+)/,
      'kdc = 127.0.0.1:1\n    kdc = $1\n    kdc = 127.0.0.1:2',
    ]);
    const trace = join(dir, 'three.trace');
    const env = { ...three, KRB5_TRACE: trace };
    const { stderr } = await onTerminal(kinit, 'alice', 'wrong\n', { env });
    expect(stderr).toMatch(/ {2}KDC: udp 127\.0\.0\.1:1 \(kdc, .*\): connection refused/);
    expect(stderr).toMatch(new RegExp(`  KDC: udp 127\\.0\\.0\\.1:${kdc.port} \\(kdc, .*\\): answered\n`));
    // On a busy machine, the second one may be silent for so long that the third is asked as well.
    const asked = / to (?:udp|tcp) 127\.0\.0\.1:2\n/.test(readFileSync(trace, 'utf8'));
    expect(stderr.includes('127.0.0.1:2 ')).toBe(asked);
  });

  it('says how a realm is written, and which there are', async () => {
    expect((await onTerminal(kinit, 'alice@a.test')).stderr).toMatch(
      /Try: write the realm in upper case.*: A\.TEST\n/,
    );
    const { stderr } = await onTerminal(kinit, 'alice@NO.SUCH');
    expect(stderr).toContain('  Realm: NO.SUCH (the name itself)\n');
    expect(stderr).toMatch(/Try: check the realm's name \(configured: A\.TEST\)/);
  });

  it('says which enctypes either side lacks, and who chose them', async () => {
    const strange = changed('camellia.conf', [
      /\[realms\]/,
      '  permitted_enctypes = camellia256-cts\n[realms]',
    ]);
    const refused = await onTerminal(kinit, 'alice', '', { env: strange });
    expect(refused.stderr).toContain('  Answer: KDC_ERR_ETYPE_NOSUPP (14) from the KDC of A.TEST');
    expect(refused.stderr).toMatch(
      /Try: allow more than camellia256-cts-cmac, .*: see permitted_enctypes, .*:\d+\n/,
    );
    const sha2 = changed('sha2.conf', [/\[realms\]/, '  permitted_enctypes = aes256-sha2\n[realms]']);
    const { stderr } = await onTerminal(kinit, 'aes128user', 'aes128pw\n', { env: sha2 });
    expect(stderr).toContain('  Enctypes offered: aes256-cts-hmac-sha384-192\n');
    expect(stderr).toMatch(/Try: allow more/);
  });

  it('says of an account with keys of RC4 alone what to do, and nothing of certificates that it does not have', async () => {
    const byPassword = await onTerminal(kinit, 'rc4user', 'rc4pw\n');
    expect(byPassword.stderr).toContain('the KDC has no key of ');
    expect(byPassword.stderr).toMatch(/Try: set a new password, which creates AES keys; .*allow_rc4/);
    // FAST has been armored by a ticket for nobody, whose certificates are not the user's.
    expect(byPassword.stderr).toContain('(AS-REQ within FAST)');
    expect(byPassword.stderr).not.toContain('PKINIT: ');
    const key = { keytype: 23, keyvalue: new Uint8Array(16).fill(1) };
    const [own] = KeytabFile.decode(readFileSync(kdc.clientKeytab));
    const principal = { ...own!.principal, components: ['rc4user'] };
    writeFileSync(join(dir, 'rc4.keytab'), KeytabFile.encode([{ ...own!, principal, key }]));
    expect((await onTerminal(kinit, '-k -t ~/rc4.keytab rc4user')).stderr).toMatch(
      /Try: set a new password or key for rc4user@A\.TEST, .* only has arcfour-hmac/,
    );
  });

  it('says what is wrong with the name of a service, its realm or the login', async () => {
    await onTerminal(kinit, '-c ~/cc alice', 'alicepw\n');
    const hintOf = async (service: string) =>
      / {2}Try: (.*)\n$/.exec((await onTerminal(kvno, `-c ~/cc ${service}`)).stderr)?.[1];
    expect(await hintOf('http/LOCALHOST')).toMatch(/^use HTTP\/localhost: /);
    expect(await hintOf('HTTP/127.0.0.1')).toMatch(/^use the host's name instead of its address/);
    expect(await hintOf('HTTP/localhost@NOWHERE.TEST')).toMatch(
      /^the realm A\.TEST has no path to NOWHERE\.TEST/,
    );
    expect(await hintOf('guarded/localhost')).toMatch(/^the service requires a stronger login/);
  });

  it("compares a keytab's key versions with the KDC's", async () => {
    const client = await onTerminal(kinit, '-k -t ~/old.keytab nopreauth');
    expect(client.stderr).toMatch(/ {2}Keytab: nopreauth@A\.TEST: kvno 2 /);
    expect(client.stderr).toMatch(
      /Try: create a new keytab: its kvno 2 of nopreauth@A\.TEST is older than the KDC's key/,
    );
    await onTerminal(kinit, '-c ~/cc alice', 'alicepw\n');
    const service = await onTerminal(kvno, '-c ~/cc -k ~/older.keytab HTTP/localhost');
    expect(service.stderr).toMatch(/it has kvno \d+ of HTTP\/localhost@A\.TEST, but the KDC has \d+\n/);
    const other = await onTerminal(kinit, '-k -t ~/old.keytab alice');
    expect(other.stderr).toContain('  Keytab: no key of alice@A.TEST; it has nopreauth@A.TEST\n');
  });

  it('names the service that was asked for, for each operand on its own', async () => {
    await onTerminal(kinit, '-c ~/cc alice', 'alicepw\n');
    const { status, stdout, stderr } = await onTerminal(kvno, '-c ~/cc nosuch/a host/localhost nosuch/b');
    expect([status, stdout]).toEqual([1, 'host/localhost@A.TEST: kvno = 1\n']);
    const [, first = '', second = ''] = stderr.split(/^kvno: .*\n/m);
    expect(first).toContain('(asked for: nosuch/a@A.TEST), ');
    expect(second).toContain('(asked for: nosuch/b@A.TEST), ');
    expect(second).not.toContain('host/localhost@');
  });

  it('tells in words how far the clocks are apart', async () => {
    const behind = { now: () => new Date(Date.now() - 450_000) };
    // The way to the KDC and back is taken for a part of it.
    const told = new RegExp(`your clock is 7 min (?:2\\d|3[01]) s behind KDC 127\\.0\\.0\\.1:${kdc.port}`);
    const noted = await onTerminal(kinit, '-V alice', 'alicepw\n', behind);
    expect(noted.status).toBe(0);
    expect(noted.stderr).toMatch(new RegExp(`^Note: ${told.source}, which is allowed for$`, 'm'));
    const failed = await onTerminal(kinit, 'alice', 'wrong\n', behind);
    expect(failed.stderr).toMatch(new RegExp(`^ {2}Clock: ${told.source}$`, 'm'));
    const strict = changed('strict.conf', [/\[realms\]/, '  kdc_timesync = false\n[realms]']);
    const ahead = { now: () => new Date(Date.now() + 3 * 3600_000), env: strict };
    const refused = await onTerminal(kinit, 'alice', 'alicepw\n', ahead);
    expect(refused.stderr).toMatch(/^kinit: Clock skew too great in KDC reply/);
    expect(refused.stderr).toMatch(/ {2}Clock: your clock is (3 h|2 h 59 min) ahead of KDC 127/);
    const usual = await onTerminal(kinit, '-V alice', 'alicepw\n');
    expect(usual.stderr).not.toContain('clock');
  });

  it('is one line of JSON with --json', async () => {
    const { status, stdout, stderr } = await runBuilt('kinit', ['--json', 'alice'], {
      env: kdc.env,
      input: 'wrong\n',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^[\x20-\x7e]+\n$/);
    const failure = JSON.parse(stderr);
    expect(failure).toMatchObject({
      program: 'kinit',
      code: 'PASSWORD_INCORRECT',
      krbError: { number: 24, name: 'KDC_ERR_PREAUTH_FAILED' },
      message: 'Password incorrect',
      activity: 'getting initial credentials',
      exitStatus: 1,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      hint: expect.stringContaining('caps lock'),
      clock: null,
    });
    expect(failure.tried).toContainEqual(
      expect.objectContaining({
        kind: 'hints',
        enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
        salt: 'A.TESTalice',
      }),
    );
    for (const { time, decision } of failure.tried) {
      expect(new Date(time).toISOString()).toBe(time);
      expect(decision).toMatch(/./);
    }
  });

  it('tells in JSON, too, why a new password is not taken', async () => {
    const stdin = 'long-enough-password\nshort\nshort\n';
    const { status, stdout, stderr } = await onTerminal(kpasswd, '--json governed', stdin);
    expect([status, stdout]).toEqual([2, expect.not.stringContaining('short')]);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'PASSWORD_NOT_CHANGED',
      message: expect.stringMatching(/^Password change rejected: .*too short/),
      exitStatus: 2,
    });
  });

  describe('a trace', () => {
    /** Runs kinit with a trace; what it traced, and with --json what it told of a failure. */
    async function traced(line: string, stdin = ''): Promise<string> {
      const file = join(dir, 'trace');
      rmSync(file, { force: true });
      const { stderr } = await onTerminal(kinit, `--json ${line}`, stdin, { env: { KRB5_TRACE: file } });
      return readFileSync(file, 'utf8') + stderr;
    }

    it('tells of each decision', async () => {
      const text = await traced('-c ~/told alice', 'alicepw\n');
      const expected = [
        /Configuration by KRB5_CONFIG: /,
        /Realm of alice@A\.TEST by default_realm, .*:\d+/,
        /Enctypes requested: aes256-cts-hmac-sha1-96, /,
        /Sending AS-REQ for alice@A\.TEST \(\d+ bytes\) to A\.TEST/,
        /Servers of A\.TEST: 127\.0\.0\.1:\d+ \(kdc, .*:\d+\)/,
        /Sending \d+ bytes to udp /,
        /Received \d+ bytes from udp /,
        /Received error from KDC: 25\/KDC_ERR_PREAUTH_REQUIRED/,
        /Processing preauth types: .*PA-ETYPE-INFO2 \(19\)/,
        /Selected etype info: etype aes256-cts-hmac-sha1-96, salt "A\.TESTalice", params ""/,
        /Using preauthentication mechanism \d+ \(/,
        /AS key obtained from the password: aes256-cts-hmac-sha1-96/,
        /AS reply is sealed in aes256-cts-hmac-sha1-96/,
        /Decrypted AS reply; session key is of aes256-cts-hmac-sha1-96/,
        /FAST negotiation: available/,
        /Initializing FILE:.*told with default princ alice@A\.TEST/,
        /Storing alice@A\.TEST -> krbtgt\/A\.TEST@A\.TEST in FILE:/,
      ];
      expect(text).toMatch(new RegExp(expected.map(({ source }) => source).join('[^]*')));
    });

    it.each([
      ['a password, by SPAKE', '-c ~/secret alice', 'alicepw\n', 'Sending SPAKE response'],
      ['a wrong password', '-c ~/secret alice', 'mistyped-secret\n', 'KDC_ERR_PREAUTH_FAILED'],
      ['a keytab', '-c ~/secret -k -t ~/alice.keytab alice', '', 'AS key obtained from the keytab'],
      ['FAST', '-c ~/secret -T ~/armor alice', 'alicepw\n', 'within FAST'],
      [
        'PKINIT',
        '-c ~/secret -X X509_user_identity=FILE:~/alice.pem,~/alice.key alice',
        '',
        'PKINIT client verified DH reply',
      ],
    ])('holds no secret: %s', async (_, line, stdin, decision) => {
      await onTerminal(kinit, '-c ~/armor alice', 'alicepw\n');
      writeFileSync(join(dir, 'alice.keytab'), readFileSync(kdc.clientKeytab));
      rmSync(join(dir, 'secret'), { force: true });
      const text = await traced(line.replace(/,~/, `,${dir}`), stdin);
      expect(text).toContain(decision);
      const caches = stdin.startsWith('mistyped') ? ['armor'] : ['armor', 'secret'];
      const keys = [
        ...KeytabFile.decode(readFileSync(kdc.clientKeytab)).map(({ key }) => key.keyvalue),
        ...caches.flatMap(name =>
          CcacheFile.decode(readFileSync(join(dir, name))).credentials.map(({ key }) => key.keyvalue),
        ),
        ...['alicepw', 'mistyped-secret'].map(password => Buffer.from(password)),
      ].filter(key => key.length > 0);
      expect(keys.length).toBeGreaterThan(5);
      for (const form of [...keys.flatMap(formsOf), ...linesOf(pki.alice.pem.key)]) {
        expect(text.toLowerCase()).not.toContain(form.toLowerCase());
      }
    });

    it('holds neither the old password nor the new one', async () => {
      const file = join(dir, 'trace');
      rmSync(file, { force: true });
      const passwords = ['changerpw', 'the-new-password'];
      const options = { env: { KRB5_TRACE: file } };
      const stdin = 'changerpw\nthe-new-password\nthe-new-password\n';
      expect(await onTerminal(kpasswd, 'changer', stdin, options)).toMatchObject({ status: 0 });
      const text = readFileSync(file, 'utf8');
      expect(text).toContain('Password change changed: Success');
      for (const form of passwords.flatMap(password => formsOf(Buffer.from(password)))) {
        expect(text.toLowerCase()).not.toContain(form.toLowerCase());
      }
    });

    /** How bytes might be written: a part of them would be too much. */
    function formsOf(secret: Uint8Array): readonly string[] {
      const bytes = Buffer.from(secret.subarray(0, 12));
      return [bytes.toString('hex'), bytes.toString('base64').replace(/=*$/, ''), bytes.toString('latin1')];
    }

    function linesOf(pem: string): readonly string[] {
      return pem.split('\n').filter(text => text.length > 20 && !text.startsWith('-'));
    }
  });
});
