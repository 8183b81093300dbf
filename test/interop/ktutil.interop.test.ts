import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ktutil } from '../../src/cli/ktutil.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { scratch } from '../ccache/samples.ts';
import { writeKeytab } from '../cli/caches.ts';
import { entry } from '../keytab/samples.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { freePort } from '../support/free-port.ts';
import { type HeimdalKdc, startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { outputOf } from '../support/output-schema.ts';
import { describePeer } from '../support/peers.ts';
import { startInPty } from '../support/pty-session.ts';
import { startSamba } from '../support/samba.ts';

let home: string;
let env: Environment;
beforeEach(() => {
  home = scratch();
  env = { KRB5_CONFIG: join(home, 'krb5.conf'), HOME: home, LC_ALL: 'C', TZ: 'UTC', TERM: 'xterm' };
  writeFileSync(env.KRB5_CONFIG!, '[libdefaults]\n  default_realm = A.TEST\n');
});

/** What both programs do with a script, in which `%h` is a directory of their own. */
async function expectSame(lines: readonly string[], more: Environment = {}): Promise<void> {
  const environment = { ...env, ...more };
  const script = (path: string) => `${lines.join('\n')}\n`.replaceAll('%h', path);
  const input = script(home);
  const written = join(home, 'out');
  rmSync(written, { force: true });
  const expected = theirs(ktutil, [], environment, input);
  const file = existsSync(written) ? withoutTimes(written) : undefined;
  rmSync(written, { force: true });
  const said = await ours(ktutil, [], environment, input);
  expect(withoutTime(said)).toEqual(withoutTime(expected));
  expect(existsSync(written) ? withoutTimes(written) : undefined).toEqual(file);
}

/** The second may end between the two programs. */
const withoutTime = <T extends { stdout: string }>(said: T): T => ({
  ...said,
  stdout: said.stdout.replace(/\b\d\d:\d\d:\d\d\b/g, 'hh:mm:ss'),
});

const withoutTimes = (path: string) =>
  KeytabFile.decode(readFileSync(path)).map(({ timestamp, ...rest }) => rest);

const add = (principal: string, kvno: string, enctype = 'aes256-cts') =>
  `addent -password -p ${principal} -k ${kvno} -e ${enctype}`;

/**
 * Has MIT's ktutil read three lines. For commands it reads byte by byte, and for the digits of a key as much as there is,
 * which would swallow the line after them: from a pipe of packets, each read gets one.
 */
const BY_READ = `
import os, subprocess, sys
source, sink = os.pipe2(os.O_DIRECT)
program = subprocess.Popen(['/usr/bin/ktutil'], stdin=source)
os.close(source)
command, digits, rest = [line + '\\n' for line in sys.argv[1:]]
try:
    for packet in [*command, digits, *rest]: os.write(sink, packet.encode())
except BrokenPipeError: pass
os.close(sink)
sys.exit(program.wait())
`;

describePeer('mit-keytab', () => {
  it('does the recipe that everybody pipes into it', () =>
    expectSame([
      add('alice@A.TEST', '1', 'aes256-cts-hmac-sha1-96'),
      'secret',
      add('alice@A.TEST', '1', 'aes128-cts-hmac-sha1-96'),
      'secret',
      'wkt %h/out',
      'quit',
    ]));

  it.each([
    'aes128-sha2',
    'AES256-SHA2',
    'camellia128-cts',
    'camellia256-cts-cmac',
    'rc4-hmac',
    'arcfour-hmac-md5',
    'aes',
    'rc4',
    'des-cbc-crc',
    'nonsense',
  ])('makes the key of %s from a password', enctype =>
    expectSame([add('bob', '7', enctype), 'pässword', 'l -e -k', 'wkt %h/out']),
  );

  it.each([
    ...['l', 'list', 'l -e', 'l -k', 'l -t', 'l -t -e -k', 'list -x', 'l foo', 'l -te', '"l" "-e"'],
    ...['?', 'lr', 'list_requests', 'clear', 'clear x', 'clear_list'],
    ...['rst', 'read_st x', 'wst x', 'write_st', 'foo', 'foo bar', '"foo bar" x', '  foo', ''],
    ...['"unbalanced', 'l "-e', '   ', 'q', 'exit', 'quit foo', 'quit\nl'],
    ...['rkt', 'rkt a b', 'rkt /nonexistent', 'rkt ""', 'rkt /tmp', 'rkt /etc/passwd', 'rkt FOO:x'],
    ...['rkt /dev/null', 'read_kt %h/kt', 'rkt FILE:%h/kt', 'wkt', 'wkt a b', 'wkt /nonexistent/x'],
    ...['wkt /tmp', 'write_kt %h/out', 'rkt %h/kt\nwkt /nonexistent/x', 'rkt %h/kt\nwkt /tmp'],
    ...['delent', 'delent 1 2', 'delent x', 'delent 0', 'delent 1', 'delent -1', 'delent 99999999999'],
    ...['delete_entry 1\nl', 'delent 2x\nl', 'delent  +2\nl'],
    ...['addent', 'add_entry', 'addent -password', 'addent -password -p', 'addent -password -p a -k 1'],
    ...['addent -key -password -p a -k 1 -e aes256-cts', 'addent -password -p a -k 1 -f -s salt'],
    ...['addent -password -p a@b@c -k 1 -e aes256-cts', 'addent -password -p a -e aes256-cts'],
    ...['addent -password -p a -k 1 -e aes256-cts', 'addent -key -p a -k 1 -e aes256-cts'],
  ])('answers %j', line => {
    writeKeytab(home, [entry('alice@A.TEST', 300), entry('a b\\/c@A.TEST', 2), entry('é@A.TEST', 70000)]);
    return expectSame(['rkt %h/kt', line, 'l']).then(() => expectSame([line]));
  });

  it.each(['1', '300', '70000', '-1', '4294967295', '0x10', 'x', '99999999999999999999'])(
    'takes %s for a key version',
    kvno => expectSame([add('a/b@R', kvno), 'pw', 'l', 'wkt %h/out']),
  );

  it('salts as it is told, and passes over options that nobody knows', () =>
    expectSame([
      `${add('a"b"c', '1')} -s "some salt" -x more`,
      'pw',
      'add_entry -s é -e aes128-cts -k 2 -p b -password',
      'pw',
      'l -k',
      'wkt %h/out',
    ]));

  it('adds to what a file holds', async () => {
    writeKeytab(home, [entry('alice@A.TEST', 1)]);
    await expectSame(['rkt %h/kt', 'rkt %h/kt', 'l', 'delent 2', 'wkt %h/out', 'wkt %h/out', 'l']);
  });

  it.each([
    ...['00', 'zz', '0', '', '001', 'ABCDEFabcdef0123'].map(digits => [digits, '-e aes256-cts']),
    ['0011', '-f'],
    ['0011', '-f -e des3-cbc-sha1'],
  ])('takes %j for a key in digits with %s', async (digits, options) => {
    const lines = [`addent -key -p bob -k 3 ${options}`, digits!, 'l -k -e'];
    const { stdout, stderr, status } = spawnSync('python3', ['-c', BY_READ, ...lines], {
      env: { ...env, PATH: process.env.PATH },
      encoding: 'utf8',
    });
    expect(await ours(ktutil, [], env, `${lines.join('\n')}\n`)).toEqual({ status, stdout, stderr });
  });

  it('goes on after a key in digits, where the other stops', async () => {
    const lines = ['addent -key -p bob -k 2 -e rc4-hmac', 'ab'.repeat(16), `wkt ${home}/out`];
    expect(await ours(ktutil, [], env, `${lines.join('\n')}\n`)).toMatchObject({ status: 0, stderr: '' });
    expect(withoutTimes(join(home, 'out'))).toHaveLength(1);
  });

  it.each(['en_US.UTF-8', 'de_DE.UTF-8', 'en_GB.UTF-8', 'C.UTF-8'])('shows times as %s does', locale => {
    writeKeytab(home, [entry('alice@A.TEST', 300)]);
    return expectSame(['rkt %h/kt', 'l -t'], { LC_ALL: locale });
  });

  it('says why there is no realm', () => {
    writeFileSync(env.KRB5_CONFIG!, '[libdefaults]\n  dns_lookup_realm = false\n');
    return expectSame([add('alice', '1'), 'l']);
  });

  it('shows the same on a terminal', async () => {
    const { execPath } = process;
    const program = join(import.meta.dirname, '..', '..', 'bin', 'ktutil');
    const terminal = { ...process.env, ...env, PATH: '/usr/bin:/bin', TERM: 'dumb' };
    const screens: string[] = [];
    for (const command of [['/usr/bin/ktutil'], [execPath, program]]) {
      const session = await startInPty(command, terminal);
      await session.shows('ktutil:  ');
      session.type(`${add('bob', '1')}\n`);
      await session.shows('Password for bob@A.TEST: ');
      session.type('secret\n');
      await session.shows('ktutil:  ');
      session.type('l -k\n');
      await session.shows('ktutil:  ');
      session.type('foo\n');
      await session.shows('ktutil:  ');
      session.type('q\n');
      expect(await session.ended).toBe(0);
      screens.push(session.shown.replaceAll('\r', ''));
    }
    expect(screens[1]).toBe(screens[0]);
  });
});

describePeer('mit-keytab', () =>
  describePeer('mit-kadmind', () => {
    let kdc: MitKdc;
    beforeAll(async () => {
      kdc = await startMitKdc({
        passwordServer: true,
        enctypes:
          'aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal aes256-cts-hmac-sha384-192:normal camellia256-cts:normal arcfour-hmac:normal',
        principals: [
          'addprinc -pw oneadminpw admin/admin',
          'addprinc -pw websecret -e aes256-cts:special HTTP/web',
          'addprinc -pw websecret -requires_preauth HTTP/open',
          'addprinc -randkey HTTP/rotated',
          'addprinc -randkey HTTP/set',
          'addprinc -randkey -requires_preauth -allow_tix HTTP/closed',
          'addprinc -randkey +needchange HTTP/needs',
          'addprinc -pw websecret -e camellia128-cts:normal HTTP/camellia',
        ],
      });
    });
    afterAll(() => kdc?.stop());
    beforeEach(() => {
      env = { ...kdc.env, TERM: 'xterm', HOME: home };
    });

    it.each([
      'addent -password -p HTTP/web -k 1 -f',
      'addent -password -p HTTP/web -k 1 -f -e aes256-cts',
      'addent -password -p HTTP/web -k 1 -f -e aes128-cts',
      'addent -password -p alice -k 1 -f -e aes256-sha2',
      'addent -password -p alice -k 1 -f',
      'addent -password -p saltuser -k 1 -f',
      'addent -password -p HTTP/open -k 2 -f',
      'addent -password -p nobody -k 1 -f',
      'addent -password -p dead -k 1 -f',
      'addent -password -p alice@NOWHERE.TEST -k 1 -f',
    ])('%s is salted as the KDC says', line => expectSame([line, 'secret', 'l -e -k', 'wkt %h/out']));

    describe('the commands', () => {
      const run = (line: string, input = '') =>
        ours(
          ktutil,
          line.split(' ').map(word => word.replace('%h', home)),
          env,
          input,
        );
      const keysOf = async (name = 'kt') => (await resolveKeytab(join(home, name)).entries()).length;

      /** Whether the reference implementation gets a ticket with the keytab. */
      const kinit = async (principal: string, name = 'kt') =>
        (await kdc.run('kinit', ['-k', '-t', join(home, name), '-c', join(home, 'cc'), principal])).status;

      it('add makes all keys that the KDC has, of its version', async () => {
        const said = await run('add -k %h/kt HTTP/open --password-stdin', 'websecret\n');
        expect(said).toEqual({
          status: 0,
          stderr: '',
          stdout: `Added 4 keys of HTTP/open@A.TEST, kvno 1, to FILE:${home}/kt\n`,
        });
        expect(await kinit('HTTP/open')).toBe(0);
        expect(await run('verify -k %h/kt')).toMatchObject({ status: 0 });
      });

      it('add takes the random salt, and does not add twice', async () => {
        writeFileSync(join(home, 'pw'), 'websecret\n');
        expect(await run('add -k %h/kt HTTP/web --password-file %h/pw')).toMatchObject({ status: 0 });
        expect(await kinit('HTTP/web')).toBe(0);
        expect((await run('add -k %h/kt HTTP/web --password-file %h/pw')).stdout).toContain(
          'Added 0 keys of HTTP/web@A.TEST, kvno 1, to',
        );
        expect(await keysOf()).toBe(1);
      });

      it('add refuses a password that is not the one', async () => {
        const said = await run('add -k %h/kt alice', 'wrong\n');
        expect(said).toMatchObject({ status: 1, stdout: 'Password for alice@A.TEST: \n' });
        expect(said.stderr).toBe('ktutil add: Password incorrect while asking for the key version\n');
        expect(existsSync(join(home, 'kt'))).toBe(false);
      });

      it('verify knows old, wrong and foreign keys', async () => {
        await run('add -k %h/kt alice --kvno 7 --password-stdin', 'alicepw\n');
        const ahead = await run('verify -k %h/kt');
        expect(ahead.status).toBe(1);
        expect(ahead.stdout).toMatch(
          /^misnumbered {2}7 alice@A\.TEST \(aes256-cts-hmac-sha1-96\), the KDC has 1$/m,
        );
        await run('add -k %h/other saltuser --kvno 1 --password-stdin', 'not it\n');
        const wrong = await run('verify -k %h/other --json');
        expect(wrong.status).toBe(1);
        expect(outputOf('keytabVerification', wrong.stdout)).toMatchObject({
          ok: false,
          keys: [{ principal: 'saltuser@A.TEST', kvno: 1, state: 'wrong', kdcKvno: null }],
        });
      });

      it('verify tells why a service cannot be verified', async () => {
        kdc.kadmin([`ktadd -norandkey -k ${home}/kt HTTP/closed`]);
        const refused = await run('verify -k %h/kt');
        expect(refused).toMatchObject({ status: 1 });
        expect(refused.stderr).toContain('while verifying the keys of HTTP/closed@A.TEST');
        expect(refused.stdout).toMatch(/^unasked {6}1 HTTP\/closed@A\.TEST/);
      });

      it('verify tries the keys on a ticket of a user where a service cannot be a client', async () => {
        kdc.kadmin([`ktadd -norandkey -k ${home}/kt HTTP/needs`]);
        expect(await run('verify -k %h/kt -c %h/none')).toMatchObject({ status: 1 });
        await kdc.run('kinit', ['-c', join(home, 'user'), 'alice'], 'alicepw\n');
        const good = await run('verify -k %h/kt -c %h/user');
        expect(good).toMatchObject({ status: 0, stderr: '' });
        expect(good.stdout).toMatch(/^current {6}1 HTTP\/needs@A\.TEST/m);
        expect(good.stdout).toMatch(/^unproven {5}1 HTTP\/needs@A\.TEST/m);
        const entries = await resolveKeytab(join(home, 'kt')).entries();
        const others = entries.map(each => ({
          ...each,
          key: { ...each.key, keyvalue: each.key.keyvalue.map(byte => byte ^ 1) },
        }));
        await resolveKeytab(join(home, 'other')).add(others);
        const bad = await run('verify -k %h/other -c %h/user');
        expect(bad.status).toBe(1);
        expect(bad.stdout).toMatch(/^wrong {8}1 HTTP\/needs@A\.TEST/m);
      });

      it('verify sees by a ticket of the user that all keys are old', async () => {
        kdc.kadmin(['addprinc -randkey HTTP/stale', `ktadd -norandkey -k ${home}/kt HTTP/stale`]);
        kdc.kadmin(['cpw -randkey HTTP/stale']);
        expect((await run('verify -k %h/kt -c %h/none')).stdout).toMatch(/^wrong {8}1 HTTP\/stale@A\.TEST/m);
        await kdc.run('kinit', ['-c', join(home, 'user'), 'alice'], 'alicepw\n');
        const said = await run('verify -k %h/kt -c %h/user');
        expect(said).toMatchObject({ status: 1, stderr: '' });
        const lines = said.stdout.trim().split('\n');
        for (const line of lines) expect(line).toMatch(/^old {10}1 HTTP\/stale@A\.TEST .*, the KDC has 2$/);
      });

      it('add and verify find keys in whose enctype the KDC has no session keys', async () => {
        const added = await run('add -k %h/kt -e camellia128-cts HTTP/camellia', 'websecret\n');
        expect(added).toMatchObject({ status: 0, stderr: '' });
        await run('add -k %h/kt -e camellia256-cts --offline --kvno 1 HTTP/camellia', 'websecret\n');
        const said = await run('verify -k %h/kt');
        expect(said.stdout).toMatch(/^current {6}1 HTTP\/camellia@A\.TEST \(camellia128-cts-cmac\)$/m);
        expect(said.stdout).toMatch(/^not-at-kdc {3}1 HTTP\/camellia@A\.TEST \(camellia256-cts-cmac\)$/m);
      });

      it.each([
        ['HTTP/rotated', ''],
        ['HTTP/set', ' --admin admin/admin --password-env ADMINPW'],
      ])('rotate gives %s new keys and keeps the old ones', async (principal, options) => {
        env = { ...env, ADMINPW: 'oneadminpw' };
        kdc.kadmin([`ktadd -norandkey -k ${home}/kt ${principal}`]);
        const before = await keysOf();
        const said = await run(`rotate -k %h/kt${options} ${principal}`);
        expect(said.stderr).toBe('');
        expect(said.status).toBe(0);
        expect(said.stdout).toMatch(/^New in \S+: 4 keys of \S+@A\.TEST, kvno 2; kept \d old, removed 0\n$/);
        expect(await keysOf()).toBe(before + 4);
        expect(await kinit(principal)).toBe(0);
        const verified = await run('verify -k %h/kt');
        expect(verified).toMatchObject({ status: 0, stderr: '' });
        expect(verified.stdout).toMatch(/^old {10}1 .*, the KDC has 2$/m);
        expect((await run(`rotate -q -k %h/kt --age 0${options} ${principal}`)).status).toBe(0);
        expect(await keysOf()).toBe(4);
        expect(await run('verify -k %h/kt')).toMatchObject({ status: 0 });
      });

      it('rotate names the principals in the keytab where the wanted one is not there', async () => {
        kdc.kadmin([`ktadd -norandkey -k ${home}/kt HTTP/open`]);
        const said = await run('rotate -k %h/kt --json HTTP/rotated');
        expect(outputOf('failure', said.stderr)).toMatchObject({
          code: 'KEYTAB_NO_KEY',
          hint: 'use another keytab, or one of the principals in this one: HTTP/open@A.TEST',
        });
      });

      it('rotate leaves the keytab as it was where the server refuses', async () => {
        kdc.kadmin(['addpol -minlife "1 day" young', 'addprinc -randkey -policy young HTTP/young']);
        kdc.kadmin([`ktadd -norandkey -k ${home}/kt HTTP/young`]);
        const before = readFileSync(join(home, 'kt'));
        const said = await run('rotate -k %h/kt HTTP/young');
        expect(said.status).toBe(1);
        expect(said.stderr).toMatch(/^ktutil rotate: .* while changing password\n$/);
        expect(KeytabFile.decode(readFileSync(join(home, 'kt')))).toEqual(KeytabFile.decode(before));
        expect(await kinit('HTTP/young')).toBe(0);
      });

      /** The configuration of the realm with another password server, or none. */
      const withPasswordServer = (port: number | undefined) => {
        const conf = readFileSync(kdc.env.KRB5_CONFIG!, 'utf8');
        const path = join(home, 'elsewhere.conf');
        const elsewhere =
          port === undefined
            ? conf.replaceAll(/(?:kpasswd|admin)_server = .*/g, '')
            : conf.replace(/kpasswd_server = .*/, `kpasswd_server = 127.0.0.1:${port}`);
        writeFileSync(path, elsewhere.replace('[libdefaults]', '[libdefaults]\n  request_timeout = 1'));
        env = { ...env, KRB5_CONFIG: path };
      };

      it('rotate leaves the keytab as it was where there is no server', async () => {
        kdc.kadmin(['addprinc -randkey HTTP/alone', `ktadd -norandkey -k ${home}/kt HTTP/alone`]);
        const before = readFileSync(join(home, 'kt'));
        withPasswordServer(await freePort());
        const said = await run('rotate -k %h/kt HTTP/alone');
        expect(said.stderr).toBe(
          "ktutil rotate: Cannot contact any KDC for realm 'A.TEST' while changing password\n",
        );
        expect(KeytabFile.decode(readFileSync(join(home, 'kt')))).toEqual(KeytabFile.decode(before));
      });

      it('rotate leaves the keytab as it was where no server is known', async () => {
        kdc.kadmin(['addprinc -randkey HTTP/none', `ktadd -norandkey -k ${home}/kt HTTP/none`]);
        const before = readFileSync(join(home, 'kt'));
        withPasswordServer(undefined);
        const said = await run('rotate -k %h/kt HTTP/none');
        expect([said.status, said.stderr]).toEqual([
          1,
          expect.stringMatching(/^ktutil rotate: [^\n]* while changing password\n$/),
        ]);
        expect(KeytabFile.decode(readFileSync(join(home, 'kt')))).toEqual(KeytabFile.decode(before));
      });

      it('rotate keeps the keys that a silent server may have got, and gets over them', async () => {
        kdc.kadmin(['addprinc -randkey HTTP/lost', `ktadd -norandkey -k ${home}/kt HTTP/lost`]);
        const before = await keysOf();
        const silent = createSocket('udp4').bind(0, '127.0.0.1');
        await once(silent, 'listening');
        withPasswordServer(silent.address().port);
        const said = await run('rotate -k %h/kt HTTP/lost');
        silent.close();
        env = { ...env, KRB5_CONFIG: kdc.env.KRB5_CONFIG! };
        expect(said.status).toBe(1);
        expect(said.stderr).toContain('the new keys, kvno 2, stay in');
        expect(await keysOf()).toBe(before + 4);
        expect((await run('purge -k %h/kt --age 0')).stdout).toMatch(/^Removed 0 keys /);
        const again = await run('rotate -k %h/kt HTTP/lost');
        expect(again).toMatchObject({ status: 0, stderr: '' });
        expect(again.stdout).toContain(`, kvno 2; kept ${before} old, removed 0`);
        expect(await kinit('HTTP/lost')).toBe(0);
        expect((await run('purge -k %h/kt --age 0')).stdout).toMatch(`Removed ${before} keys `);
        expect(await kinit('HTTP/lost')).toBe(0);
      });
    });
  }),
);

describePeer('heimdal-kdc', () => {
  let kdc: HeimdalKdc;
  beforeAll(async () => {
    kdc = await startHeimdalKdc({
      passwordServer: true,
      principals: ['add --use-defaults -p weblongsecret1 HTTP/web'],
      keys: ['alice'],
    });
  });
  afterAll(() => kdc?.stop());

  it('adds, verifies and rotates keys', async () => {
    const run = (line: string, input = '') =>
      ours(ktutil, [...line.split(' '), '-k', join(home, 'kt')], kdc.env, input);
    const added = await run('add HTTP/web --password-stdin', 'weblongsecret1\n');
    expect(added).toMatchObject({ status: 0, stderr: '' });
    expect(added.stdout).toMatch(/^Added [23] keys of HTTP\/web@H\.TEST, kvno 1, /);
    expect(await run('verify')).toMatchObject({ status: 0, stderr: '' });
    const rotated = await run('rotate HTTP/web');
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    expect(rotated.stdout).toContain(', kvno 2; kept ');
    const verified = await run('verify HTTP/web');
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^old {10}1 .*, the KDC has 2$/m);
  });
});

describePeer('samba', () => {
  it('adds, verifies and rotates keys of accounts in Active Directory', async () => {
    const samba = await startSamba({ password: 'Passw0rd!', users: [{ name: 'web' }] });
    try {
      const kdc = `kdc = ${samba.address}:${samba.port}`;
      const kpasswd = `kpasswd_server = ${samba.address}:${samba.passwordPort}`;
      writeFileSync(
        env.KRB5_CONFIG!,
        `[libdefaults]\n  default_realm = S.TEST\n[realms]\n  S.TEST = {\n    ${kdc}\n    ${kpasswd}\n  }\n`,
      );
      const run = (line: string, input = '') =>
        ours(ktutil, [...line.split(' '), '-k', join(home, 'kt')], env, input);
      const fine = { status: 0, stderr: '' };
      expect(await run('add web --password-stdin', 'Passw0rd!\n')).toMatchObject(fine);
      expect(await run('verify')).toMatchObject(fine);
      expect(await run('rotate web')).toMatchObject(fine);
      expect(await run('rotate web --admin Administrator', 'Passw0rd!\n')).toMatchObject(fine);
      const verified = await run('verify --json');
      expect(verified).toMatchObject(fine);
      const { keys } = outputOf('keytabVerification', verified.stdout) as {
        keys: { state: string; kvno: number }[];
      };
      expect(new Set(keys.map(({ state, kvno }) => `${state} ${kvno}`))).toEqual(
        new Set(['old 2', 'old 3', 'current 4']),
      );
    } finally {
      await samba.stop();
    }
  });
});
