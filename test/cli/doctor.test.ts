import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
import { writeKeytab } from './caches.ts';

let kdc: RunningKdc;
let home: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'alicepw' },
      { name: 'old', password: 'oldpw', enctypes: [23] },
    ],
    services: ['host/server'],
  });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  home = scratch();
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const environment = () => ({
  HOME: home,
  KRB5_CONFIG: join(home, 'krb5.conf'),
  KRB5CCNAME: `FILE:${join(home, 'cc')}`,
  KRB5_KTNAME: `FILE:${join(home, 'kt')}`,
  KRB5KIT_KEYCHAIN: 'none',
  LC_ALL: 'C',
});

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const io = captureIo({ env: { ...environment(), ...env }, uid: process.geteuid?.() });
  const status = await runCommand(doctor, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

async function logIn(): Promise<void> {
  const io = captureIo({ env: environment(), stdin: 'alicepw\n', uid: process.geteuid?.() });
  expect(await runCommand(kinit, ['alice'], io)).toBe(0);
}

/** The configuration of the realm with more lines in [libdefaults]; returns their first line's number. */
function configure(...lines: readonly string[]): void {
  const conf = kdc.krb5Conf().replace('[libdefaults]\n', `[libdefaults]\n${lines.join('\n')}\n`);
  writeFileSync(join(home, 'krb5.conf'), conf);
}

it('finds nothing wrong where nothing is', async () => {
  await logIn();
  writeKeytab(home, kdc.keytab('host/server'));
  const { status, stdout, stderr } = await run(['alice', 'host/server']);
  expect(stderr).toBe('');
  expect(stdout.replaceAll(home, 'HOME').replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')).not.toMatch(/FAIL|Try/);
  expect(status).toBe(0);
  expect(stdout).toContain(`[ok]   configuration: read ${home}/krb5.conf\n`);
  expect(stdout).toContain('of alice@A.TEST has a valid ticket\n');
  expect(stdout).toMatch(
    /\[ok\] {3}KDC udp 127\.0\.0\.1:\d+: answers in \d+ ms and asks for pre-authentication; its clock agrees with ours\n/,
  );
  expect(stdout).toMatch(/\[ok\] {3}KDC tcp 127\.0\.0\.1:\d+: answers in \d+ ms/);
  expect(stdout).toContain(
    '[ok]   alice@A.TEST: the KDC knows it; enctypes in common: aes256-cts-hmac-sha1-96',
  );
  expect(stdout).toContain('[ok]   ticket for host/server@A.TEST: the KDC gives one: ');
  expect(stdout).toContain('decrypts the ticket: the service would accept it\n');
});

it('only notes a realm in lower case that is not the default one', async () => {
  const conf = kdc.krb5Conf().replace('[realms]\n', '[realms]\nb.test = {\n kdc = localhost\n}\n');
  writeFileSync(join(home, 'krb5.conf'), conf);
  const { stdout } = await run(['alice']);
  expect(stdout).toContain('[--]   configuration: the realm b.test in [realms] is not in upper case');
});

describe('the keytab, without a service,', () => {
  const lineOf = (stdout: string) =>
    stdout
      .split('\n')
      .filter(line => line.includes('keytab'))[0]
      ?.replaceAll(home, 'HOME');

  it('is compared with the KDC by means of a ticket', async () => {
    await logIn();
    writeKeytab(home, kdc.keytab('host/server'));
    const { status, stdout } = await run(['alice']);
    expect([status, lineOf(stdout)]).toEqual([
      0,
      '[ok]   keytab FILE:HOME/kt: its key of host/server@A.TEST decrypts the ticket: the service would accept it',
    ]);
    const others = kdc.keytab('host/server').map(entry => ({ ...entry, kvno: 7 }));
    const wrong = { keytype: 18, keyvalue: new Uint8Array(32) };
    writeKeytab(
      home,
      others.map(entry => ({ ...entry, key: wrong })),
    );
    const stale = await run(['alice']);
    expect([stale.status, lineOf(stale.stdout)]).toEqual([
      1,
      '[FAIL] keytab FILE:HOME/kt: it has kvno 7 of host/server@A.TEST, and the KDC kvno 1',
    ]);
  });

  it('may have principals that are no more', async () => {
    await logIn();
    const entries = kdc.keytab('host/server');
    const principal = { ...entries[0]!.principal, components: ['host', 'gone'] };
    writeKeytab(
      home,
      entries.map(entry => ({ ...entry, principal })),
    );
    const { stdout } = await run(['alice']);
    expect(stdout).toContain('the KDC does not know host/gone@A.TEST\n');
    expect(stdout).toContain(`Try: ktutil remove -k FILE:${home}/kt host/gone@A.TEST`);
  });

  it('is left alone where there is no ticket, unless it is named', async () => {
    writeKeytab(home, kdc.keytab('alice'));
    expect(lineOf((await run(['alice'])).stdout)).toMatch(/^\[--\] .* or with -k$/);
    const { stdout } = await run(['-k', join(home, 'kt'), 'alice']);
    expect(lineOf(stdout)).toBe(
      "[ok]   keytab FILE:HOME/kt: its keys of alice@A.TEST match the KDC's, kvno 1",
    );
    const [entry] = kdc.keytab('alice');
    const key = { ...entry!.key, keyvalue: entry!.key.keyvalue.map(byte => byte ^ 1) };
    writeKeytab(home, [{ ...entry!, key }]);
    const wrong = await run(['-k', join(home, 'kt'), 'alice']);
    expect(lineOf(wrong.stdout)).toMatch(
      /\[FAIL\] .*none of its keys of alice@A.TEST matches the KDC's: kvno 1 wrong$/,
    );
    const none = await run(['-k', join(home, 'none'), 'alice']);
    expect(lineOf(none.stdout)).toMatch(/\[FAIL\] keytab FILE:HOME\/none: .*not found/);
  });
});

it('has other marks where the locale has them', async () => {
  await logIn();
  const { stdout } = await run(['alice'], { LC_ALL: 'de_DE.UTF-8' });
  expect(stdout).toMatch(/^\u2714 configuration: /);
  expect(stdout).not.toContain('[ok]');
});

it('tells of the other caches of a collection, and of what DNS calls a host', async () => {
  const env = { KRB5CCNAME: `DIR:${join(home, 'caches')}` };
  mkdirSync(join(home, 'caches'), 0o700);
  const io = captureIo({ env: { ...environment(), ...env }, stdin: 'alicepw\n', uid: process.geteuid?.() });
  expect(await runCommand(kinit, ['-c', `DIR::${join(home, 'caches')}/tktalice`, 'alice'], io)).toBe(0);
  const { stdout } = await run(['alice'], { KRB5CCNAME: `DIR::${join(home, 'caches')}/tktalice` });
  expect(stdout).not.toContain('other cache');
  const whole = await run(['alice', 'host/localhost'], env);
  expect(whole.stdout).toMatch(
    /\[--\] {3}other cache: DIR::.*tktalice of alice@A\.TEST has a valid ticket\n/,
  );
});

it('says where DNS has the host of the service', async () => {
  await logIn();
  expect((await run(['alice', 'host@localhost'])).stdout).toMatch(
    /DNS: localhost is at (?:127\.0\.0\.1|::1)/,
  );
  expect((await run(['alice', 'host@no-such.invalid'])).stdout).toContain(
    '[--]   DNS: the host no-such.invalid is unknown\n',
  );
});

it('does not change the cache', async () => {
  await logIn();
  const before = readFileSync(join(home, 'cc'));
  await run(['alice', 'host/server']);
  expect(readFileSync(join(home, 'cc'))).toEqual(before);
});

it('tells the same in JSON', async () => {
  const { status, stdout } = await run(['alice', '--json']);
  expect(status).toBe(1);
  expect(stdout).toMatch(/^[^\n]+\n$/);
  const { healthy, findings } = JSON.parse(stdout);
  expect(healthy).toBe(false);
  expect(findings).toContainEqual({
    subject: 'cache',
    result: 'bad',
    text: `FILE:${home}/cc: No credentials cache found (filename: ${home}/cc)`,
    hint: 'get a ticket with kinit first',
  });
});

describe('tells, with the thing to try, of', () => {
  it.each([
    [['default_relam = A.TEST'], 'the relation default_relam is unknown and ignored', 'write default_realm'],
    [['forwardable = perhaps'], 'libdefaults.forwardable: "perhaps" is not yes or no', 'correct '],
    [
      ['B.TEST = {', 'forwardable = perhaps', '}'],
      'libdefaults.B.TEST.forwardable: "perhaps" is not yes or no',
      'correct ',
    ],
    [['B.TEST = {', 'ticket_lifetime = 1w', '}'], 'ticket_lifetime = 1w means 1 second', 'write days'],
    [
      ['B.TEST = {', 'tiket_lifetime = 1d', '}'],
      'the relation tiket_lifetime is unknown',
      'write ticket_lifetime',
    ],
    [
      ['clockskew = 300 # five minutes'],
      'the text after the value of clockskew is not a comment',
      'put the comment',
    ],
    [
      ['permitted_enctypes = aes256-cts aes512-cts'],
      'permitted_enctypes contains aes512-cts, which is unknown',
      'remove it, or write its full name',
    ],
    [
      ['permitted_enctypes = aes256-cts AES128'],
      'permitted_enctypes contains AES128, which is unknown',
      'remove it, or write its full name, such as aes128-cts',
    ],
    [
      ['permitted_enctypes = des-cbc-crc'],
      'permitted_enctypes names no enctype that may be used',
      'correct ',
    ],
    [
      ['permitted_enctypes = aes256-cts rc4-hmac'],
      'permitted_enctypes contains deprecated or weak enctypes',
      'remove them',
    ],
    [['allow_weak_crypto = true'], 'weak enctypes are allowed', 'remove allow_weak_crypto'],
    [
      ['forwardable = yes', 'forwardable = no'],
      'forwardable is set twice, and the first value is used',
      'remove one',
    ],
    [['ticket_lifetime = 1w'], 'ticket_lifetime = 1w means 1 second, because "w" is ignored', 'write days'],
    [['default_realm = a.test'], 'default_realm a.test is not in upper case', 'write A.TEST'],
  ])('%j', async (lines, text, hint) => {
    configure(...lines);
    const { status, stdout } = await run(['alice@A.TEST']);
    expect(status).toBe(1);
    const at = stdout.indexOf(text);
    expect(at, stdout).toBeGreaterThan(0);
    expect(stdout.slice(at)).toMatch(new RegExp(`^[^\\n]*\\n +Try: ${hint}`));
  });

  it('a port behind a blank', async () => {
    const conf = kdc.krb5Conf();
    writeFileSync(join(home, 'krb5.conf'), conf.replace(/kdc = (\S+):(\d+)/, 'kdc = $1 $2'));
    expect((await run(['alice'])).stdout).toMatch(
      /:\d+: kdc = 127\.0\.0\.1 (\d+) means 127\.0\.0\.1 alone, .*\n +Try: write 127\.0\.0\.1:\1\n/,
    );
  });

  it('a comment behind the default realm, which is not in the wrong case', async () => {
    const conf = 'dns_lookup_kdc = no\ndefault_realm = A.TEST # ours\n';
    writeFileSync(join(home, 'krb5.conf'), `[libdefaults]\n${conf}`);
    const { stdout } = await run(['alice']);
    expect(stdout).toContain(
      `Try: put the comment after the realm on a line of its own (default_realm, ${home}/krb5.conf:3)\n`,
    );
    expect(stdout).not.toContain('OURS');
  });

  it('a realm in [realms] that has no KDC there', async () => {
    const conf = 'dns_lookup_kdc = no\ndefault_realm = A.TEST\n[realms]\nA.TEST = {\n server = kdc\n}\n';
    writeFileSync(join(home, 'krb5.conf'), `[libdefaults]\n${conf}`);
    expect((await run(['alice'])).stdout).toContain('Try: add a line kdc = HOST to A.TEST in [realms], ');
  });

  it('a misspelt section', async () => {
    writeFileSync(join(home, 'krb5.conf'), `${kdc.krb5Conf()}[domain_relam]\n.a.test = A.TEST\n`);
    expect((await run(['alice'])).stdout).toContain('the section [domain_relam] is unknown and ignored\n');
  });

  it('a line of [domain_realm] that no host matches, and one of a realm in lower case', async () => {
    const lines = '[domain_realm]\nWWW.a.test = A.TEST\n.a.test = a.test\n.b.test = b.test\n';
    writeFileSync(join(home, 'krb5.conf'), `${kdc.krb5Conf()}${lines}`);
    const { stdout } = await run(['alice']);
    expect(stdout).toMatch(/WWW\.a\.test in \[domain_realm\] matches no host.*\n +Try: write www\.a\.test\n/);
    expect(stdout).toMatch(/the realm a\.test of \.a\.test is not in upper case.*\n +Try: write A\.TEST\n/);
    expect(stdout).toMatch(/\[--\] .*the realm b\.test of \.b\.test is not in upper case/);
  });

  it('a cache whose directory is missing', async () => {
    const { stdout } = await run(['alice'], { KRB5CCNAME: `FILE:${home}/none/cc` });
    expect(stdout).toMatch(
      /cache: .*No credentials cache found.*\n +Try: create the directory .*\/none, or use/,
    );
  });

  it('a cache that others may read', async () => {
    await logIn();
    chmodSync(join(home, 'cc'), 0o644);
    const { status, stdout } = await run(['alice']);
    expect(status).toBe(1);
    expect(stdout).toContain(
      `[FAIL] cache: other users can use the tickets in ${home}/cc: its mode is 0644\n       Try: chmod 600 ${home}/cc\n`,
    );
  });

  it('DNS that does not answer, where it is asked for KDCs', async () => {
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\ndefault_realm = NO-SUCH.INVALID\n');
    const { status, stdout } = await run(['alice']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/(?:\[--\]|\[FAIL\]) +DNS: \w+ _kerberos\S*NO-SUCH\.INVALID/);
    expect(stdout).toContain('[FAIL] KDCs: Cannot find KDC for realm "NO-SUCH.INVALID"\n');
  });

  it('a file that cannot be parsed, and goes no further', async () => {
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\nnonsense\n');
    const { status, stdout } = await run([]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\[FAIL\] configuration: .*krb5\.conf:2: /);
    expect(stdout).toContain(`Try: correct ${home}/krb5.conf, line 2\n`);
    expect(stdout.split('\n')).toHaveLength(3);
  });

  it('a file that is not there, where it is the one that was named', async () => {
    rmSync(join(home, 'krb5.conf'));
    const { status, stdout } = await run(['alice@A.TEST']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\[FAIL\] configuration: .*krb5\.conf does not exist or cannot be read\n/);
    expect(stdout).toContain('Try: set KRB5_CONFIG to the right file, or unset it\n');
  });

  it('a KDC that is not there', async () => {
    const conf = '[libdefaults]\ndefault_realm = A.TEST\n[realms]\nA.TEST = {\n kdc = 127.0.0.1:1\n}\n';
    writeFileSync(join(home, 'krb5.conf'), conf);
    const { status, stdout } = await run(['alice', 'host/server']);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /\[FAIL\] KDC tcp 127\.0\.0\.1:1: connection refused: nothing is listening there\n/,
    );
    expect(stdout).toContain('Try: check that a KDC is running on 127.0.0.1, port 1\n');
    expect(stdout).not.toContain('host/server');
  });

  it('a UPN of Active Directory in place of a principal', async () => {
    configure('dns_lookup_kdc = no');
    expect((await run(['alice@corp.example'])).stdout).toContain(
      'Try: if alice@corp.example is a mail address or a UPN, ask the KDC of A.TEST with kinit -C -E alice@corp.example;',
    );
  });

  it('a realm without KDCs', async () => {
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\ndns_lookup_kdc = no\n');
    expect((await run(['alice@B.TEST'])).stdout).toContain(
      '[FAIL] KDCs: Cannot find KDC for realm "B.TEST"\n',
    );
  });

  it('clocks that differ', async () => {
    kdc.advance(3600);
    try {
      const { stdout } = await run(['alice']);
      expect(stdout).toMatch(/its clock is (?:1 h|1 h 1 s|59 min 59 s) ahead of ours\n +Try: set your clock/);
    } finally {
      kdc.advance(-3600);
    }
  });

  it('a principal that the KDC does not know', async () => {
    const { stdout } = await run(['nobody']);
    expect(stdout).toContain('[FAIL] nobody@A.TEST: Client not found in Kerberos database\n');
    expect(stdout).toContain('Try: check the spelling of nobody@A.TEST');
  });

  it('an account without keys that are permitted', async () => {
    expect((await run(['old'])).stdout).toContain(
      '[FAIL] old@A.TEST: its keys are arcfour-hmac, none of which is permitted here\n',
    );
  });

  it('a service that the KDC does not know', async () => {
    await logIn();
    expect((await run(['alice', 'nothing/server'])).stdout).toMatch(
      /\[FAIL\] ticket for nothing\/server@A\.TEST: Server .*not found in Kerberos database/,
    );
  });

  it('a keytab of another version, and one with another key', async () => {
    await logIn();
    const [entry] = kdc.keytab('host/server');
    const other = { ...entry!, key: toEncryptionKey(randomKey(entry!.key.keytype)) };
    writeKeytab(home, [{ ...other, kvno: 77 }]);
    expect((await run(['alice', 'host/server'])).stdout).toMatch(
      /it has kvno 77 of host\/server@A\.TEST, and the KDC kvno \d/,
    );
    writeKeytab(home, [other]);
    expect((await run(['alice', 'host/server'])).stdout).toContain('does not decrypt the ticket');
  });
});

describe('a single operand that names a service', () => {
  it('is checked as one with the user of the cache', async () => {
    await logIn();
    writeKeytab(home, kdc.keytab('host/server'));
    const { status, stdout } = await run(['host/server']);
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('[ok]   alice@A.TEST: the KDC knows it');
    expect(stdout).toContain('[ok]   ticket for host/server@A.TEST: ');
  });

  it('is told how it should be written', async () => {
    await logIn();
    const { status, stdout } = await run(['HOST/server']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/Try: use host\/server: .*case-sensitive\n/);
  });

  it('is a user if its keytab is named, or without a cache', async () => {
    const { stdout } = await run(['host/server']);
    expect(stdout).toMatch(/\[--\] {3}service: host\/server is checked as a user; .* kinit first\n/);
    await logIn();
    const keytab = writeKeytab(home, kdc.keytab('host/server'));
    expect((await run(['-k', keytab, 'host/server'])).stdout).toContain(
      '[ok]   host/server@A.TEST: the KDC knows it',
    );
  });

  it('is no user with two names', async () => {
    await logIn();
    expect((await run(['alice/admin'])).stdout).toContain('[FAIL] alice/admin@A.TEST: ');
  });
});

it('knows the key of a service under the name of its account, as in Active Directory', async () => {
  await logIn();
  const [entry] = kdc.keytab('host/server');
  const account = { ...entry!.principal, components: ['svc-server'] };
  writeKeytab(home, [{ ...entry!, principal: account }]);
  expect((await run(['alice', 'host/server'])).stdout).toContain(
    `[ok]   keytab FILE:${home}/kt: its key of svc-server@A.TEST decrypts the ticket: `,
  );
});

it('names only keychains of this system', async () => {
  const { stdout } = await run(['alice'], { KRB5KIT_KEYCHAIN: '' });
  expect(stdout).toMatch(/keychain: .*keytar: /);
  expect(stdout).not.toMatch(/macOS|Windows/);
});

it('says whom it checks if neither the command line nor a cache does', async () => {
  const taken = 'after your user name; krb5kit doctor NAME checks another';
  expect((await run([])).stdout).toMatch(new RegExp(`principal: \\S+@A\\.TEST, ${taken}\n`));
  expect((await run(['alice'])).stdout).not.toContain(taken);
});

it('takes no URL in place of a name', async () => {
  expect(await run(['alice', 'http://server/'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('http://server/ is a URL: write --http http://server/\n'),
  });
});

it('judges the tickets of a cache by the clock of the KDC that it remembers', async () => {
  kdc.advance(172_800);
  try {
    await logIn();
    expect((await run(['alice'])).stdout).toContain('of alice@A.TEST has a valid ticket\n');
  } finally {
    kdc.advance(-172_800);
  }
});

it('takes one principal and one service', async () => {
  expect((await run(['a', 'b', 'c'])).status).toBe(2);
});
