import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { KerberosError } from '../../src/errors.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { FORWARDABLE, RENEWABLE } from '../../src/messages/flags.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { localAgent } from '../agent/support.ts';
import { scratch } from '../ccache/samples.ts';
import { type CapturedIo, type CaptureOptions, captureIo } from '../support/io.ts';

let kdc: RunningKdc;
let home: string;
let cc: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'alicepw' },
      { name: 'bob', password: 'bobpw' },
      { name: 'old', password: 'oldpw', passwordExpiration: new Date(Date.now() - 1000) },
      { name: 'locked', password: 'lockedpw', locked: true },
      { name: 'rc4', password: 'rc4pw', enctypes: [23] },
    ],
    services: ['host/server'],
  });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  home = scratch();
  cc = join(home, 'cc');
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
});

interface Outcome {
  readonly status: number;
  readonly io: CapturedIo;
}

async function run(line: string, stdin = '', { env, ...options }: CaptureOptions = {}): Promise<Outcome> {
  const io = captureIo({
    env: { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${cc}`, ...env },
    uid: process.geteuid?.(),
    stdin,
    ...options,
  });
  const argv = line
    .split(' ')
    .filter(word => word !== '')
    .map(word => word.replace('~', home));
  return { status: await runCommand(kinit, argv, io), io };
}

function cached(path = cc) {
  return CcacheFile.decode(readFileSync(path));
}

describe('kinit', () => {
  it('leaves the tickets of somebody else in the member of a collection that is named', async () => {
    const { socket, cache, names, collection } = await localAgent();
    const conf = join(home, 'krb5.conf');
    writeFileSync(conf, `${kdc.krb5Conf()}\n[libdefaults]\n kcm_socket = ${socket}\n`);
    const env = { KRB5CCNAME: 'KCM:mine' };
    expect((await run('alice', 'alicepw\n', { env })).status).toBe(0);
    expect((await run('bob', 'bobpw\n', { env })).status).toBe(0);
    expect(formatPrincipal((await cache('mine').load()).principal)).toBe('alice@A.TEST');
    expect(await names()).toHaveLength(2);
    const primary = await (await collection.primary())!.load();
    expect(formatPrincipal(primary.principal)).toBe('bob@A.TEST');
    expect((await run('alice', 'alicepw\n', { env })).status).toBe(0);
    expect((await names())[0]).toBe('mine');
    expect(await names()).toHaveLength(2);
  });

  it('gets a ticket and says nothing but the prompt', async () => {
    const { status, io } = await run('alice', 'alicepw\n');
    expect([status, io.stdout, io.stderr]).toEqual([0, 'Password for alice@A.TEST: \n', '']);
    const { principal, credentials } = cached();
    expect(formatPrincipal(principal)).toBe('alice@A.TEST');
    expect(credentials.map(({ server }) => formatPrincipal(server))).toContain('krbtgt/A.TEST@A.TEST');
    expect(lstatSync(cc).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['aes128-cts', 17],
    ['aes256-cts-hmac-sha384-192,aes128-cts', 20],
    ['DEFAULT,-aes256-cts', 17],
    ['aes256-cts --enctypes aes128-cts --enctypes -aes256-cts', 17],
  ])('requests keys of the enctypes %s', async (list, keytype) => {
    const { io } = await run(`--enctypes ${list} alice`, 'alicepw\n');
    expect(io.stderr).toBe('');
    const found = cached().credentials.find(({ server }) => server.components[0] === 'krbtgt');
    expect(found?.key.keytype).toBe(keytype);
  });

  it('warns of enctypes that can be broken, which this KDC does not have', async () => {
    const { io } = await run('--enctypes arcfour-hmac alice', 'alicepw\n');
    expect(io.stderr.split('\n').slice(0, 2)).toEqual([
      'kinit: warning: arcfour-hmac can be broken: use AES instead',
      'kinit: KDC has no support for encryption type while getting initial credentials',
    ]);
  });

  it('requests nothing where the list leaves nothing of the configured enctypes', async () => {
    const conf = join(home, 'aes256.conf');
    writeFileSync(conf, `${kdc.krb5Conf()}\n[libdefaults]\n default_tkt_enctypes = aes256-cts\n`);
    const { status, io } = await run('--enctypes DEFAULT,-aes256-cts alice', '', {
      env: { KRB5_CONFIG: conf },
    });
    expect([status, io.stderr.split('\n')[0]]).toEqual([
      1,
      'kinit: No encryption type in --enctypes DEFAULT,-aes256-cts',
    ]);
  });

  it.each([
    ['aes256', 'Unknown encryption type aes256'],
    ['aes256-cts,rot13', 'Unknown encryption type rot13'],
    ['-aes256-cts', 'No encryption type in --enctypes -aes256-cts'],
    ['', 'No encryption type in --enctypes '],
  ])('refuses the list of enctypes "%s"', async (list, sentence) => {
    const { status, io } = await run(`--enctypes=${list} alice`, 'alicepw\n');
    expect([status, io.stderr.split('\n')[0]]).toEqual([2, sentence]);
  });

  it('tells with -V what it does, on stderr', async () => {
    const { io } = await run('-V alice', 'alicepw\n');
    expect(io.stderr).toBe(
      `Using default cache: ${cc}\nUsing principal: alice@A.TEST\nAuthenticated to Kerberos v5\n`,
    );
    const again = await run('-V -c ~/other alice', 'alicepw\n');
    expect(again.io.stderr).toContain(`Using specified cache: ${home}/other\n`);
  });

  it('renews with -R and tells that it stored what it got', async () => {
    await run('-l 1h -r 2h alice', 'alicepw\n');
    const { status, io } = await run('-V -R');
    expect([status, io.stderr]).toEqual([
      0,
      'Using principal: alice@A.TEST\nInitialized cache\nStored credentials\nAuthenticated to Kerberos v5\n',
    ]);
  });

  it.each([
    ['a wrong password', 'alice', 'wrong\n', 'Password incorrect'],
    ['the end of the input', 'alice', '', 'Pre-authentication failed: Cannot read password'],
    ['a name nobody has', 'nobody', 'x\n', "Client 'nobody@A.TEST' not found in Kerberos database"],
    ['a password that has expired', 'old', 'oldpw\n', 'Password has expired'],
    ['a locked principal', 'locked', 'lockedpw\n', "Client's credentials have been revoked"],
    ['a realm without a KDC', 'x@NOWHERE', 'x\n', 'Cannot find KDC for realm "NOWHERE"'],
    ['a keytab that is not there', '-k -t ~/none alice', '', 'Pre-authentication failed: Key table file'],
    ['a service nobody has', '-S nope/x alice', 'alicepw\n', 'Server not found in Kerberos database'],
  ])('told in one line, with status 1, and the cache as it was: %s', async (_, line, stdin, sentence) => {
    await run('bob', 'bobpw\n');
    const before = readFileSync(cc);
    const { status, io } = await run(line, stdin);
    expect(status).toBe(1);
    expect(io.stderr).toMatch(/^kinit: .* while getting initial credentials\n$/);
    expect(io.stderr).toContain(sentence);
    expect(readFileSync(cc)).toEqual(before);
    expect(readdirSync(home).filter(name => name.startsWith('cc'))).toEqual(['cc']);
  });

  it('leaves the cache as it was on Ctrl-C', async () => {
    await run('bob', 'bobpw\n');
    const before = readFileSync(cc);
    const { io } = await run('-4');
    const readPassword = () =>
      Promise.reject(new KerberosError('PASSWORD_INTERRUPTED', 'Password read interrupted'));
    const interrupted = Object.assign(captureIo({ env: io.env }), { readPassword });
    const status = await runCommand(kinit, ['alice'], interrupted);
    expect([status, interrupted.stderr]).toEqual([
      1,
      'kinit: Password read interrupted while getting initial credentials\n',
    ]);
    expect(readFileSync(cc)).toEqual(before);
  });

  it.each([
    ['-f -F alice', 'Only one of -f and -F allowed\n'],
    ['-pP alice', 'Only one of -p and -P allowed\n'],
    ['--addresses --noaddresses alice', 'Only one of -a and -A allowed\n'],
    ['-c a -c b alice', 'Only one -c option allowed\n'],
    ['-t a -i alice', 'Only one of -t and -i allowed\nkeytab specified, forcing -k\n'],
    ['alice bob', 'Extra arguments (starting with "bob").\n'],
    ['-l bogus alice', 'Bad lifetime value bogus\n'],
    ['-r 0 alice', 'Bad lifetime value 0\n'],
    ['-s bogus alice', 'Bad start time value bogus\n'],
    ['-Z', "kinit: invalid option -- 'Z'\n"],
  ])('a mistake in %s is told with the usage, with status 2', async (line, complaint) => {
    const { status, io } = await run(line);
    expect([status, io.stdout]).toEqual([2, '']);
    expect(io.stderr.startsWith(`${complaint}Usage: kinit `)).toBe(true);
  });

  it('knows Kerberos 4 no more', async () => {
    const { status, io } = await run('-4 alice');
    expect([status, io.stderr]).toEqual([3, 'Kerberos 4 is no longer supported\n']);
  });

  it('warns where the end of a lifetime is not understood', async () => {
    const { status, io } = await run('-l 1w alice', 'alicepw\n');
    expect([status, io.stderr]).toEqual([
      0,
      'kinit: warning: -l 1w means 1 second, because "w" is ignored\n',
    ]);
  });

  it.each([
    ['-l 1.5h', '-l 1.5h means 1 second, because ".5h" is ignored'],
    ['-r 20261231', '-r 20261231 means 20261231 seconds, not a date'],
    ['-s 1h30m -s 2330', '-s 2330 means 2330 seconds, not a time of day, which is written yyyymmddhhmmss'],
    ['-s 23:30', '-s 23:30 means 84600 seconds, not a time of day, which is written yyyymmddhhmmss'],
    ['-s 20261231', '-s 20261231 means 20261231 seconds, not a date, which is written 20261231000000'],
  ])('warns of a time that is not what it looks like: %s', async (options, text) => {
    const { io } = await run(`${options} alice`, 'alicepw\n');
    expect(io.stderr.split('\n')[0]).toBe(`kinit: warning: ${text}`);
  });

  it('warns of a start that is past, but not of one that means now', async () => {
    const { io } = await run('-s 20260101000000 alice', 'alicepw\n');
    expect(io.stderr).toMatch(/^kinit: warning: -s 20260101000000 means \S+ 00:00:00, which is past$/m);
    const now = new Date(Date.now() - 2000).toISOString();
    expect((await run(`-s ${now} alice`, 'alicepw\n')).io.stderr).not.toContain('warning');
  });

  it('warns of no time that is written as it should be', async () => {
    for (const options of ['-l 3600', '-l 1d2h', '-s 2460', '-s 1:30', '-s 24:00', '-r 23:30', '-r 90000']) {
      expect((await run(`${options} alice`, 'alicepw\n')).io.stderr).not.toContain('warning');
    }
  });

  it("warns of Windows's form of a name", async () => {
    const { status, io } = await run('A\\bob', 'alicepw\n');
    const warning =
      "kinit: warning: the backslash in A\\bob only quotes a letter; write Windows's DOMAIN\\user as bob@REALM\n";
    expect([status, io.stderr.startsWith(warning)]).toEqual([1, true]);
    expect((await run('a\\@b', 'alicepw\n')).io.stderr).not.toContain('warning');
  });

  it('warns of a realm in lower case, but where the configuration has it so or the KDC may correct it', async () => {
    const warning =
      'kinit: warning: the realm a.test is not in upper case; realms are case-sensitive, and usually A.TEST\n';
    const { status, io } = await run('alice@a.test', 'alicepw\n');
    expect([status, io.stderr.startsWith(warning)]).toEqual([1, true]);
    expect((await run('-C alice@a.test', 'alicepw\n')).io.stderr).not.toContain('warning');
    expect((await run('alice@A.TEST', 'alicepw\n')).io.stderr).toBe('');
    const conf = join(home, 'krb5.conf');
    writeFileSync(conf, `${readFileSync(conf, 'utf8')}\n[realms]\na.test = {\n kdc = 127.0.0.1:1\n}\n`);
    expect((await run('alice@a.test', 'alicepw\n')).io.stderr).not.toContain('warning');
  });

  it('takes flags and lives from the command line, else from the profile', async () => {
    const conf = `[libdefaults]\nforwardable = true\nrenew_lifetime = 2h\nticket_lifetime = 30m\n${kdc.krb5Conf()}`;
    writeFileSync(join(home, 'krb5.conf'), conf);
    const ticket = () => cached().credentials.at(-1)!;
    await run('alice', 'alicepw\n');
    expect(ticket().flags & (FORWARDABLE | RENEWABLE)).toBe(FORWARDABLE | RENEWABLE);
    expect(ticket().endtime.getTime() - ticket().authtime.getTime()).toBeLessThanOrEqual(1_800_000);
    await run('-F -l 1h alice', 'alicepw\n');
    expect(ticket().flags & FORWARDABLE).toBe(0);
    expect(ticket().endtime.getTime() - ticket().authtime.getTime()).toBeGreaterThan(1_800_000);
  });

  it('uses a keytab with -k -t, and with -t alone after a word about it', async () => {
    writeFileSync(join(home, 'kt'), KeytabFile.encode(kdc.keytab('alice')));
    expect(await run('-k -t ~/kt alice')).toMatchObject({ status: 0, io: { stdout: '', stderr: '' } });
    const { status, io } = await run('-t ~/kt alice');
    expect([status, io.stderr]).toEqual([0, 'keytab specified, forcing -k\n']);
    const client = await run('-k -i', '', { env: { KRB5_CLIENT_KTNAME: join(home, 'kt') } });
    expect(client.status).toBe(0);
    const other = await run('-k -t ~/kt bob');
    expect(other.io.stderr).toBe(
      'kinit: Keytab contains no suitable keys for bob@A.TEST while getting initial credentials\n',
    );
  });

  it('names whose keys a keytab has in full where a host of no known realm finds none of its own', async () => {
    writeFileSync(join(home, 'kt'), KeytabFile.encode(kdc.keytab('alice')));
    const { status, io } = await run('-V -k -t ~/kt');
    expect(status).toBe(1);
    expect(io.stderr).toContain('alice@A.TEST');
    expect(io.stderr).not.toMatch(/alice@(?!A\.TEST)/);
  });

  it('takes the principal of the cache where none is named', async () => {
    await run('bob', 'bobpw\n');
    const { status, io } = await run('', 'bobpw\n');
    expect([status, io.stdout]).toEqual([0, 'Password for bob@A.TEST: \n']);
  });

  it("renews nobody's ticket but the principal's", async () => {
    await run('-r 1d alice', 'alicepw\n');
    const { status, io } = await run('-R bob');
    expect(status).toBe(1);
    expect(io.stderr).toBe(
      `kinit: Matching credential not found (filename: ${cc}) while renewing credentials\n`,
    );
  });

  it('says why a principal with keys of RC4 alone gets nothing, and warns where RC4 is let in', async () => {
    const refused = await run('rc4', 'rc4pw\n');
    expect(refused.status).toBe(1);
    writeFileSync(
      join(home, 'krb5.conf'),
      `[libdefaults]\nallow_rc4 = true\npermitted_enctypes = DEFAULT rc4\n${kdc.krb5Conf()}`,
    );
    const { status, io } = await run('rc4', 'rc4pw\n');
    expect(status).toBe(0);
    expect(io.stdout).toContain(
      'Warning: encryption type arcfour-hmac used for authentication is deprecated',
    );
  });

  it('writes a trace that has no secrets', async () => {
    await run('alice', 'alicepw\n', { env: { KRB5_TRACE: join(home, 'trace') } });
    const trace = readFileSync(join(home, 'trace'), 'utf8');
    expect(trace).toMatch(/^\[4711\] \d+\.\d{6}: Sending AS-REQ for alice@A\.TEST/m);
    expect(trace).not.toContain('alicepw');
  });
});

describe('where the cache cannot be written, the old one is left', () => {
  it('a directory that is not there', async () => {
    const { status, io } = await run('-c ~/none/cc alice', 'alicepw\n');
    expect(status).toBe(1);
    expect(io.stderr).toMatch(
      /^kinit: Failed to store credentials: No credentials cache found .*while getting/,
    );
  });

  // Root may write anywhere.
  it.skipIf(process.geteuid?.() === 0)('a directory one may not write to', async () => {
    mkdirSync(join(home, 'd'));
    chmodSync(join(home, 'd'), 0o500);
    const { status, io } = await run('-c ~/d/cc alice', 'alicepw\n');
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('Failed to store credentials')]);
  });

  it('a directory in its place', async () => {
    mkdirSync(cc);
    const { status, io } = await run('alice', 'alicepw\n');
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('Failed to store credentials')]);
    expect(readdirSync(cc)).toEqual([]);
  });

  it('a link in its place is replaced, and what it names is left alone', async () => {
    writeFileSync(join(home, 'precious'), 'mine');
    symlinkSync(join(home, 'precious'), cc);
    expect((await run('alice', 'alicepw\n')).status).toBe(0);
    expect(lstatSync(cc).isFile()).toBe(true);
    expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('mine');
  });

  // Only root mounts a disk of its own.
  it.skipIf(process.platform !== 'linux' || process.geteuid?.() !== 0)(
    'a disk that is full',
    async context => {
      const disk = join(home, 'disk');
      mkdirSync(disk);
      const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
      if (mount.status !== 0) return context.skip('tmpfs cannot be mounted here');
      try {
        const path = join(disk, 'cc');
        expect((await run(`-c ${path} bob`, 'bobpw\n')).status).toBe(0);
        const before = readFileSync(path);
        spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'rest')}`]);
        const { status, io } = await run(`-c ${path} alice`, 'alicepw\n');
        expect([status, io.stderr]).toEqual([1, expect.stringContaining('No space left')]);
        expect(readFileSync(path)).toEqual(before);
        expect(readdirSync(disk).sort()).toEqual(['cc', 'rest']);
      } finally {
        spawnSync('umount', [disk]);
        rmSync(disk, { recursive: true });
      }
    },
  );
});
