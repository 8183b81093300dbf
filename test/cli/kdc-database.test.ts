import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { type Background, startCommand } from './service.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
let folder: string;
let env: Record<string, string>;
let running: Background[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  env = { HOME: folder, KRB5KIT_KDC_DATABASE: inFolder('kdc.db'), LC_ALL: 'C', TZ: 'UTC' };
  running = [];
});

afterEach(async () => {
  for (const { io } of running) io.stop();
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string): string => join(folder, name);

async function run(command: Command, argv: readonly string[], stdin = '') {
  const io = captureIo({ env, stdin, cwd: folder, now: () => NOW });
  return { status: await runCommand(command, argv, io), stdout: io.stdout, stderr: io.stderr };
}

/** Runs `krb5kit kdc …`, which must work. */
async function done(argv: readonly string[], stdin = ''): Promise<string> {
  const { status, stdout, stderr } = await run(kdc, argv, stdin);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Runs `krb5kit kdc …`, which must fail; what it says. */
async function refused(argv: readonly string[], stdin = ''): Promise<string> {
  const { status, stderr } = await run(kdc, argv, stdin);
  expect(status).not.toBe(0);
  return stderr;
}

const shown = async (name: string) => outputOf('principalEntry', await done(['show', '--json', name]));

/** Serves the database, with a krb5.conf for clients. */
async function serve(): Promise<Background> {
  const served = await startCommand(
    kdc,
    ['--database', inFolder('kdc.db'), '--krb5-conf', inFolder('krb5.conf')],
    {
      env,
      ready: /ready on .*\n/,
    },
  );
  running.push(served);
  return served;
}

async function login(password: string, name = 'alice'): Promise<string> {
  const io = captureIo({
    env: { HOME: folder, KRB5_CONFIG: inFolder('krb5.conf'), KRB5CCNAME: inFolder('cc'), LC_ALL: 'C' },
    stdin: `${password}\n`,
  });
  const status = await runCommand(kinit, [name], io);
  return status === 0 ? 'in' : io.stderr;
}

describe('kdc init', () => {
  it('makes a database whose master key is in a file beside it', async () => {
    expect(await done(['init', 'DB.TEST'])).toBe(
      `Made ${inFolder('kdc.db')} for the realm DB.TEST; its master key is in ${inFolder('kdc.db')}.stash\n`,
    );
    if (process.platform !== 'win32') expect(statSync(inFolder('kdc.db.stash')).mode & 0o777).toBe(0o600);
    expect(await done(['list'])).toBe('krbtgt/DB.TEST@DB.TEST\n');
  });

  it('remembers the encryption types that all keys are of which are added later', async () => {
    await done(['init', 'DB.TEST', '-e', 'aes256-sha2']);
    await done(['add', '-r', 'HTTP/www']);
    await done(['add', '-r', '-e', 'aes128-cts', 'HTTP/old']);
    const types = async (name: string) =>
      (await shown(name)).keys[0].enctypes.map(({ number }: { readonly number: number }) => number);
    expect(await types('krbtgt/DB.TEST')).toEqual([20]);
    expect(await types('HTTP/www')).toEqual([20]);
    expect(await types('HTTP/old')).toEqual([17]);
  });

  it('makes none for a realm that no configuration can name', async () => {
    expect(await refused(['init', 'DB.TEST', '-d', join(folder, 'none', 'kdc.db')])).toContain(
      'cannot be used: No such file or directory while making the database\n',
    );
    expect(await refused(['init', 'a b'])).toContain(
      'krb5kit kdc init: the realm has a name that krb5.conf cannot hold\n',
    );
  });

  it('is called out where it is not in upper case', async () => {
    expect(await run(kdc, ['init', 'db.test'])).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^krb5kit kdc init: warning: the realm db\.test is not in upper case; /),
    });
  });

  it('does not make one over another', async () => {
    await done(['init', 'DB.TEST']);
    expect(await refused(['init', 'DB.TEST'])).toBe(
      `krb5kit kdc init: The database ${inFolder('kdc.db')} exists already while making the database\n`,
    );
  });

  it('wants to know which', async () => {
    delete env.KRB5KIT_KDC_DATABASE;
    expect(await refused(['init', 'DB.TEST'])).toContain(
      'krb5kit kdc init: name the database by --database or KRB5KIT_KDC_DATABASE\n',
    );
  });
});

describe('the principals of a database', () => {
  beforeEach(() => done(['init', 'DB.TEST', '--set', 'maxLife=8h']));

  it('are added with passwords of the standard input, or random keys', async () => {
    expect(await done(['add', 'alice'], 'wonderland\n')).toBe(
      'Enter password for alice@DB.TEST: \nAdded alice@DB.TEST\n',
    );
    expect(await done(['add', '--random', '-e', 'aes256-sha2', 'HTTP/www'])).toBe('Added HTTP/www@DB.TEST\n');
    expect(await shown('alice')).toMatchObject({
      principal: 'alice@DB.TEST',
      keys: [{ kvno: 1, enctypes: [{ name: 'aes256-cts-hmac-sha1-96', salt: 'DB.TESTalice' }, {}, {}, {}] }],
      policy: { passwordChanged: NOW.toISOString() },
    });
    expect((await shown('HTTP/www')).keys).toEqual([
      { kvno: 1, enctypes: [{ number: 20, name: 'aes256-cts-hmac-sha384-192' }] },
    ]);
    expect(await done(['show', 'HTTP/www'])).toBe(
      'Principal: HTTP/www@DB.TEST\nKeys of version 1: aes256-cts-hmac-sha384-192\n',
    );
  });

  it('are listed by patterns', async () => {
    for (const name of ['bob', 'HTTP/www', 'HTTP/(x)']) await done(['add', '-r', name]);
    expect(await done(['list', 'HTTP/*'])).toBe('HTTP/(x)@DB.TEST\nHTTP/www@DB.TEST\n');
    expect(await done(['list', 'b?b@DB.*'])).toBe('bob@DB.TEST\n');
    expect(await done(['list', `${'*b'.repeat(40)}z`])).toBe('');
    const { principals } = outputOf('principalEntries', await done(['list', '--json', 'bob']));
    expect(principals).toMatchObject([{ principal: 'bob@DB.TEST', policy: {} }]);
  });

  it('are not added twice, nor to a realm that is not there', async () => {
    await done(['add', '-r', 'alice']);
    expect(await refused(['add', '-r', 'alice'])).toBe(
      'krb5kit kdc add: alice@DB.TEST is in the database already\n',
    );
    expect(await refused(['add', '-r', 'alice@ELSE.TEST'])).toBe(
      'krb5kit kdc add: The realm ELSE.TEST is not in the database\n',
    );
    expect(await refused(['add', '-r', ''])).toBe('krb5kit kdc add: A principal needs a name\n');
  });

  it('are deleted, all that are named or none', async () => {
    for (const name of ['alice', 'bob']) await done(['add', '-r', name]);
    expect(await refused(['delete', 'alice', 'carol'])).toBe(
      'krb5kit kdc delete: carol@DB.TEST is not in the database\n',
    );
    expect(await done(['delete', 'alice', 'bob'])).toBe('Deleted alice@DB.TEST\nDeleted bob@DB.TEST\n');
    expect(await refused(['delete', 'krbtgt/DB.TEST'])).toContain(
      'krb5kit kdc delete: krbtgt/DB.TEST@DB.TEST has the key of the realm, which is nothing without it\n',
    );
    expect(await done(['list'])).toBe('krbtgt/DB.TEST@DB.TEST\n');
  });

  it('have a policy that is changed member by member', async () => {
    await done(['add', '-r', 'alice', '--set', 'maxLife=5m', '--set', 'aliases=["al"]']);
    await done(['modify', 'al', '-s', 'locked=true', '-s', 'expiration=2030-01-31', '-u', 'maxLife']);
    expect((await shown('al')).policy).toEqual({
      aliases: ['al'],
      locked: true,
      expiration: '2030-01-31T00:00:00.000Z',
    });
    await done(['modify', 'alice', '-s', 'sessionEnctypes=["aes256-cts"]']);
    const line = /^sessionEnctypes: (.*)$/m.exec(await done(['show', 'alice']))!;
    expect(line[1]).toBe('["aes256-cts-hmac-sha1-96"]');
    await done(['modify', 'alice', '-s', `sessionEnctypes=${line[1]}`]);
    expect(await refused(['modify', 'alice', '-s', 'lokced=true'])).toContain(
      'krb5kit kdc modify: the policy has no member "lokced"\n',
    );
    for (const command of [
      ['modify', 'alice'],
      ['add', '-r', 'bob'],
    ])
      expect(await refused([...command, '-s', 'policy=strcit'])).toContain(
        'The realm DB.TEST has no policy "strcit"',
      );
    expect(await refused(['modify', 'alice', '-u', 'lokced'])).toContain(
      'krb5kit kdc modify: the policy has no member "lokced"\n',
    );
    expect(await refused(['modify', 'alice', '-s', 'maxLife=soon'])).toContain(
      'krb5kit kdc modify: maxLife of the policy must be a duration such as "10h"\n',
    );
  });

  it('show no secret of their tokens', async () => {
    await done(['add', '-r', 'alice', '--set', 'otp={"secret":"GEZDGNBVGY3TQOJQ","digits":8}']);
    expect((await shown('alice')).policy.otp).toEqual({ digits: 8 });
    expect(await done(['show', 'alice'])).not.toContain('GEZDGNBV');
  });

  it('get new passwords, of which a policy may forbid some', async () => {
    await done(['policy', '--set', 'policies={"default":{"minLength":8,"history":2}}']);
    await done(['add', 'alice'], 'wonderland\n');
    expect(await refused(['passwd', 'alice'], 'short\n')).toContain('The password is too short');
    expect(await refused(['passwd', 'alice'], 'wonderland\n')).toContain('The password was used before');
    expect(await done(['passwd', 'alice'], 'looking-glass\n')).toContain('its keys have version 2\n');
    expect((await shown('alice')).keys).toHaveLength(2);
    expect(await done(['passwd', '-r', 'alice'])).toContain('its keys have version 3\n');
  });

  it('have their keys written to keytabs', async () => {
    await done(['add', '-r', '-e', 'aes256-cts', 'HTTP/www']);
    await done(['ktadd', inFolder('keytab'), 'HTTP/www']);
    await done(['ktadd', '--random', '-e', 'aes128-cts', inFolder('new.keytab'), 'HTTP/www']);
    const rows = async (name: string) =>
      (await resolveKeytab(inFolder(name)).entries()).map(
        ({ principal, kvno, key }) => `${formatPrincipal(principal)} ${kvno} ${key.keytype}`,
      );
    expect(await rows('keytab')).toEqual(['HTTP/www@DB.TEST 1 18']);
    expect(await rows('new.keytab')).toEqual(['HTTP/www@DB.TEST 2 17', 'HTTP/www@DB.TEST 1 18']);
  });
});

describe('kdc policy', () => {
  it('shows and changes what a realm grants, and begins to serve another', async () => {
    await done(['init', 'DB.TEST', '--set', 'maxLife=8h']);
    expect(await done(['policy'])).toBe(
      'Realm: DB.TEST\nmaxLife: 28800\nmaxRenewableLife: 604800\nrequiresPreauth: true\n',
    );
    const changed = outputOf('realmPolicy', await done(['policy', '-s', 'requiresPreauth=false', '--json']));
    expect(changed).toMatchObject({ realm: 'DB.TEST', policy: { requiresPreauth: false, maxLife: 28_800 } });
    await done(['policy', '-u', 'requiresPreauth', '-u', 'maxLife']);
    expect(await done(['policy'])).toBe(
      'Realm: DB.TEST\nmaxLife: 36000\nmaxRenewableLife: 604800\nrequiresPreauth: true\n',
    );
    expect(await refused(['policy', '-u', 'requirePreauth'])).toContain(
      'krb5kit kdc policy: the policy has no member "requirePreauth"\n',
    );
    expect(await refused(['policy', 'TWO.TEST'])).toContain('The realm TWO.TEST is not in the database');
    await done(['policy', '--new', 'TWO.TEST']);
    await done(['add', '-r', 'bob@TWO.TEST']);
    expect(await done(['list', '*@TWO.TEST'])).toContain('bob@TWO.TEST\n');
  });
});

describe('a database that is served', () => {
  it('may be changed meanwhile', async () => {
    await done(['init', 'DB.TEST']);
    await serve();
    expect(await login('wonderland')).toContain("Client 'alice@DB.TEST' not found in Kerberos database");
    await done(['add', 'alice'], 'wonderland\n');
    expect(await login('wonderland')).toBe('in');
    await done(['passwd', 'alice'], 'looking-glass\n');
    expect(await login('wonderland')).toContain('Password incorrect');
    expect(await login('looking-glass')).toBe('in');
    await done(['modify', 'alice', '-s', 'locked=true']);
    expect(await login('looking-glass')).toContain("Client's credentials have been revoked");
  });

  it('is not described by other options', async () => {
    await done(['init', 'DB.TEST']);
    expect(await refused(['-d', inFolder('kdc.db'), '--user', 'a:b'])).toContain(
      'krb5kit kdc: --database does not go with --user\n',
    );
    expect(await refused(['--stash', 'x'])).toContain('krb5kit kdc: --stash is for --database\n');
    expect(await refused(['-d', inFolder('kdc.db'), '--realm', 'NO.TEST'])).toContain(
      'The realm NO.TEST is not in the database',
    );
  });
});

describe('kdc dump and import', () => {
  it('bring a realm from one database to another', async () => {
    await done(['init', 'DB.TEST']);
    await done(['policy', '-s', 'policies={"strict":{"minLength":8,"maxFailures":3,"lockoutDuration":60}}']);
    await done(['add', 'alice', '-s', 'policy=strict', '-s', 'maxLife=5m'], 'wonderland\n');
    await done(['add', '-r', 'HTTP/www', '-s', 'okAsDelegate=true', '-s', 'sessionEnctypes=["aes128-sha2"]']);
    await done(['passwd', '-r', '-k', 'HTTP/www']);
    const dumped = await done(['dump', inFolder('dump'), '--mit-stash', inFolder('stash')]);
    expect(dumped).toBe(`Dumped 3 principals of DB.TEST to ${inFolder('dump')}\n`);
    const keys = async (name: string) => {
      await done(['ktadd', inFolder('kt'), name]);
      const entries = await resolveKeytab(inFolder('kt')).entries();
      rmSync(inFolder('kt'));
      return entries.map(({ kvno, key }) => [kvno, key.keytype, Buffer.from(key.keyvalue).toString('hex')]);
    };
    const before = [await keys('alice'), await keys('HTTP/www'), await keys('krbtgt/DB.TEST')];
    env.KRB5KIT_KDC_DATABASE = inFolder('second.db');
    await done(['init', 'DB.TEST']);
    expect(await refused(['import', inFolder('dump')])).toContain(
      'The keys in the dump cannot be opened: name the file that has their master key',
    );
    expect(await done(['import', inFolder('dump'), '-m', inFolder('stash')])).toBe('Imported 3 principals\n');
    expect([await keys('alice'), await keys('HTTP/www'), await keys('krbtgt/DB.TEST')]).toEqual(before);
    expect((await shown('alice')).policy).toMatchObject({ policy: 'strict', maxLife: 300 });
    expect((await shown('HTTP/www')).policy).toMatchObject({
      okAsDelegate: true,
      sessionEnctypes: [{ number: 19, name: 'aes128-cts-hmac-sha256-128' }],
    });
    expect(outputOf('realmPolicy', await done(['policy', '--json'])).policy.policies.strict).toEqual({
      minLength: 8,
      history: 1,
      maxFailures: 3,
      lockoutDuration: 60,
    });
    expect(await done(['import', inFolder('dump'), '-m', inFolder('stash'), '--keep'])).toBe(
      'Imported 0 principals, left 3 as they were\n',
    );
  });

  it('tells what a dump loses, and the line that is wrong', async () => {
    await done(['init', 'DB.TEST']);
    await done(['add', '-r', 'alice', '-s', 'aliases=["al"]']);
    const { status, stdout, stderr } = await run(kdc, ['dump', inFolder('dump'), '--master-password'], 'm\n');
    expect(status).toBe(0);
    expect(stdout).toContain('KDC database master key: ');
    expect(stderr).toBe('krb5kit kdc dump: alice@DB.TEST loses aliases\n');
    const lines = readFileSync(inFolder('dump'), 'utf8').split('\n');
    writeFileSync(inFolder('bad'), [...lines.slice(0, 2), 'princ\t38\t1'].join('\n'));
    expect(await refused(['import', inFolder('bad')])).toBe(
      `krb5kit kdc import: The dump cannot be read: it ends early (line 3) while reading ${inFolder('bad')}\n`,
    );
  });
});

describe('an account that is locked', () => {
  it('stays so when the KDC starts again, until it is unlocked', async () => {
    await done(['init', 'DB.TEST']);
    await done(['policy', '--set', 'policies={"default":{"maxFailures":2}}']);
    await done(['add', 'alice'], 'alicepw\n');
    const first = await serve();
    for (let i = 0; i < 2; i++) expect(await login('wrong')).toMatch(/Password incorrect/);
    first.io.stop();
    await first.ended;
    await serve();
    expect(await login('alicepw')).toMatch(/revoked/);
    await done(['modify', '--unlock', 'alice']);
    expect(await login('alicepw')).toBe('in');
    for (let i = 0; i < 2; i++) await login('wrong');
    expect(await login('alicepw')).toMatch(/revoked/);
    await done(['passwd', 'alice'], 'other-pw\n');
    expect(await login('other-pw')).toBe('in');
  });

  it('is forgotten with the account, and where it has proved itself', async () => {
    await done(['init', 'DB.TEST']);
    await done(['policy', '--set', 'policies={"default":{"maxFailures":2}}']);
    await done(['add', 'alice'], 'alicepw\n');
    await serve();
    await login('wrong');
    expect(await login('alicepw')).toBe('in');
    await login('wrong');
    expect(await login('alicepw')).toBe('in');
    for (let i = 0; i < 2; i++) await login('wrong');
    await done(['delete', 'alice']);
    await done(['add', 'alice'], 'alicepw\n');
    expect(await login('alicepw')).toBe('in');
  });
});
