import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { readRealmFile } from '../../src/cli/kdc/file.ts';
import { withoutKeytabs } from '../../src/cli/kdc/keytabs.ts';
import { enctypes } from '../../src/cli/kdc/readers.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { freePort } from '../support/free-port.ts';
import { captureIo } from '../support/io.ts';
import { createPki } from '../support/realm-pki.ts';
import { type Background, startCommand } from './service.ts';

let folder: string;
let running: Background[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  running = [];
});

afterEach(async () => {
  for (const { io } of running) io.stop();
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string): string => join(folder, name);

/** `krb5kit kdc` with a krb5.conf for clients. */
async function start(...argv: readonly string[]): Promise<Background> {
  const files = ['--krb5-conf', inFolder('krb5.conf')];
  const realm = await startCommand(kdc, [...files, ...argv], {
    env: { HOME: folder },
    ready: /ready on .*\n/,
  });
  running.push(realm);
  return realm;
}

/** A realm as a JSON file describes it. */
function startFrom(realm: unknown, ...argv: readonly string[]): Promise<Background> {
  writeFileSync(inFolder('realm.json'), JSON.stringify(realm));
  return start('--principals', inFolder('realm.json'), ...argv);
}

/** Runs a command of a client. */
async function client(command: Command, argv: readonly string[], stdin = '') {
  const env = {
    HOME: folder,
    KRB5_CONFIG: inFolder('krb5.conf'),
    KRB5CCNAME: inFolder('cc'),
    LC_ALL: 'C',
    TZ: 'UTC',
  };
  const io = captureIo({ env, stdin });
  const status = await runCommand(command, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

async function refusal(...argv: readonly string[]) {
  const io = captureIo({ env: { HOME: folder } });
  return { status: await runCommand(kdc, argv, io), stdout: io.stdout, stderr: io.stderr };
}

it('serves its users and services, with a line for each request, until it is stopped', async () => {
  const { io, ended } = await start('--user', 'alice:a:b', '--service', 'HTTP/localhost');
  expect(io.stdout).toMatch(/^KDC of KRB5KIT\.TEST ready on 127\.0\.0\.1 port \d+\n$/);
  expect(await client(kinit, ['alice'], 'a:b\n')).toMatchObject({ status: 0, stderr: '' });
  expect(await client(kvno, ['HTTP/localhost'])).toMatchObject({ status: 0, stderr: '' });
  expect(io.stdout).toMatch(/^AS_REQ .*alice@KRB5KIT\.TEST/m);
  expect(io.stdout).toMatch(/^TGS_REQ .*HTTP\/localhost@KRB5KIT\.TEST/m);
  io.stop('SIGINT');
  expect(await ended).toBe(0);
});

it('prints no lines when it shall be quiet', async () => {
  const { io } = await start('-q', '--user', 'alice:pw');
  await client(kinit, ['alice'], 'pw\n');
  expect(io.stdout.trimEnd().split('\n')).toHaveLength(1);
});

it('never prints a password', async () => {
  const { io } = await start('--user', 'alice:xyzzy-secret');
  await client(kinit, ['alice'], 'xyzzy-secret\n');
  await client(kinit, ['alice'], 'wrong-secret\n');
  expect(io.output).not.toMatch(/secret/);
});

it('listens where it is told, for a realm of the name it is told', async () => {
  const port = await freePort();
  const { io } = await start('--realm', 'MY.TEST', '--host', '127.0.0.2', '--port', `${port}`);
  expect(io.stdout).toBe(`KDC of MY.TEST ready on 127.0.0.2 port ${port}\n`);
  expect(readFileSync(inFolder('krb5.conf'), 'utf8')).toContain(`kdc = 127.0.0.2:${port}`);
});

it('says that its port is in use', async () => {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  expect(await refusal('--port', `${port}`)).toEqual({
    status: 1,
    stdout: '',
    stderr: `krb5kit kdc: Cannot listen on 127.0.0.1 port ${port}: Address already in use while starting the KDC\n`,
  });
  server.close();
});

it('says in words why it cannot listen', async () => {
  expect((await refusal('--host', '192.0.2.1')).stderr).toBe(
    'krb5kit kdc: Cannot listen on 192.0.2.1 port 0: Address not available while starting the KDC\n',
  );
});

describe('the keytab', () => {
  it('has what a list of enctypes leaves', () => {
    expect(enctypes(['aes', '-aes128-cts'], 'enctypes')).toEqual([18, 20, 19]);
    expect(() => enctypes(['aes128-cts', '-aes128-cts'], 'enctypes')).toThrow('enctypes names no enctype');
  });

  it('has the keys of the services alone, of the enctypes wanted, for nobody else to read', async () => {
    const options = ['--user', 'alice:pw', '--service', 'HTTP/localhost', '--service', 'sample/localhost'];
    await start(...options, '--enctypes', 'aes256-sha2 aes128-cts', '--keytab', inFolder('keys'));
    const entries = await resolveKeytab(inFolder('keys')).entries();
    expect(entries.map(({ principal, key }) => [formatPrincipal(principal), key.keytype])).toEqual(
      ['HTTP', 'sample'].flatMap(name => [20, 17].map(etype => [`${name}/localhost@KRB5KIT.TEST`, etype])),
    );
    expect(statSync(inFolder('keys')).mode & 0o777).toBe(0o600);
    expect(await client(kinit, ['alice'], 'pw\n')).toMatchObject({ status: 0 });
    expect(await client(kvno, ['-k', inFolder('keys'), 'HTTP/localhost'])).toMatchObject({ status: 0 });
  });

  it('has no key of an earlier run left, and those of others still', async () => {
    const keytab = resolveKeytab(inFolder('keys'));
    const options = ['--service', 'sample/localhost', '--keytab', inFolder('keys')];
    const first = await start('--user', 'alice:pw', ...options);
    first.io.stop();
    await first.ended;
    const [old] = await keytab.entries();
    const other = { ...old!, principal: { ...old!.principal, realm: 'B.TEST' } };
    await keytab.add([other]);
    await start('--user', 'alice:pw', ...options);
    await client(kinit, ['alice'], 'pw\n');
    expect(await client(kvno, ['-k', inFolder('keys'), 'sample/localhost'])).toMatchObject({ status: 0 });
    const entries = await keytab.entries();
    expect(entries).not.toContainEqual(old);
    expect(entries).toContainEqual(other);
    expect(entries).toHaveLength(5);
  });

  it('of the realm file has the keys of those who name it', async () => {
    const users = [{ name: 'job', password: 'pw', keytab: 'job.keytab' }];
    await startFrom({ users, services: ['HTTP/localhost'] });
    expect(await client(kinit, ['-k', '-t', inFolder('job.keytab'), 'job'])).toMatchObject({ status: 0 });
  });

  it('that cannot be written is a reason not to start', async () => {
    const keytab = inFolder('nowhere/keys');
    expect(await refusal('--keytab', keytab)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `krb5kit kdc: Key table file '${keytab}' not found while writing keytab ${keytab}\n`,
    });
  });
});

it('does not start where the krb5.conf cannot be written', async () => {
  const conf = inFolder('nowhere/krb5.conf');
  expect(await refusal('--krb5-conf', conf)).toEqual({
    status: 1,
    stdout: '',
    stderr: `krb5kit kdc: Cannot write ${conf}: No such file or directory\n`,
  });
});

describe('the policy', () => {
  it('of the command line bounds the life and the renewal', async () => {
    await start('--user', 'alice:pw', '--max-life', '1h', '--max-renewable-life', '2h');
    const { starts, ends, renews } = await times('-l', '5h', '-r', '9h');
    expect([ends - starts, renews - starts]).toEqual([3600, 7200]);
  });

  it('of a principal comes before that of the file, and the command line before the file', async () => {
    const users = [
      { name: 'alice', password: 'pw' },
      { name: 'brief', password: 'pw', maxLife: '5m' },
    ];
    await startFrom({ realm: 'FILE.TEST', maxLife: '3h', maxRenewableLife: '1d', users }, '--max-life', '2h');
    const { starts, ends, renews } = await times('-l', '5h', '-r', '9d');
    expect([ends - starts, renews - starts]).toEqual([7200, 86_400]);
    expect(await client(kinit, ['brief'], 'pw\n')).toMatchObject({ status: 0 });
    const { stdout } = await client(klist, []);
    expect(stdout).toContain('krbtgt/FILE.TEST@FILE.TEST');
    const brief = timesIn(stdout);
    expect(brief.ends - brief.starts).toBe(300);
  });

  it('of a principal forbids what it forbids', async () => {
    const users = [
      {
        name: 'plain',
        password: 'pw',
        disallowForwardable: true,
        disallowProxiable: true,
        disallowRenewable: true,
      },
      { name: 'open', password: 'pw', requiresPreauth: false },
      { name: 'locked', password: 'pw', locked: true },
      { name: 'gone', password: 'pw', expiration: '2020-01-01T00:00:00Z' },
      { name: 'old', password: 'pw', passwordExpiration: '2020-01-01' },
    ];
    await startFrom({
      users,
      services: [{ name: 'none/localhost', disallowServer: true }, 'http/localhost'],
    });
    expect(await client(kinit, ['-f', '-p', '-r', '1d', 'plain'], 'pw\n')).toMatchObject({ status: 0 });
    expect((await client(klist, ['-f'])).stdout).toMatch(/Flags: IA\n/);
    expect(await client(kvno, ['none/localhost'])).toMatchObject({ status: 1 });
    expect(await client(kvno, ['http/localhost'])).toMatchObject({ status: 0 });
    expect(await client(kinit, ['open'], 'pw\n')).toMatchObject({ status: 0 });
    expect((await client(klist, ['-f'])).stdout).toMatch(/Flags: RI\n/);
    for (const [name, sentence] of [
      ['locked', "Client's credentials have been revoked"],
      ['gone', "Client's entry in database has expired"],
    ] as const) {
      const { status, stderr } = await client(kinit, [name], 'pw\n');
      expect([status, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect(await client(kinit, ['old'], 'pw\nnew\nnew\n')).toMatchObject({ status: 0 });
    expect(await client(kinit, ['old'], 'new\n')).toMatchObject({ status: 0 });
  });

  it('of the realm may take tickets without pre-authentication', async () => {
    await startFrom({ requiresPreauth: false, users: [{ name: 'alice', password: 'pw' }] });
    await client(kinit, ['alice'], 'pw\n');
    expect((await client(klist, ['-f'])).stdout).toMatch(/Flags: RI\n/);
  });

  async function times(...wishes: readonly string[]) {
    expect(await client(kinit, [...wishes, 'alice'], 'pw\n')).toMatchObject({ status: 0 });
    return timesIn((await client(klist, [])).stdout);
  }

  function timesIn(listing: string) {
    const stamps = listing.match(/\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d/g)!;
    const [starts, ends, renews = 0] = stamps.map(text => new Date(`${text}Z`).getTime() / 1000);
    return { starts: starts!, ends: ends!, renews };
  }
});

describe('a realm file', () => {
  it('may tell of several realms, which trust each other, and of who goes in whose name', async () => {
    await startFrom(
      {
        realm: 'ONE.TEST',
        users: [{ name: 'alice', password: 'pw', aliases: ['al', 'alice@mail.test'] }],
        services: [
          { name: 'web/localhost', okToAuthAsDelegate: true, delegatesTo: ['db/localhost'] },
          { name: 'db/localhost', acceptsDelegationFrom: ['web/localhost'] },
        ],
        trusts: [
          { realm: 'TWO.TEST' },
          { realm: 'B.TEST', password: 'between', direction: 'outgoing', kvno: 2, kdc: 'kdc.b.test:88' },
        ],
        domainRealms: { '.two.test': 'TWO.TEST' },
        capaths: { 'ONE.TEST': { 'B.TEST': [], 'C.TEST': ['B.TEST'] } },
        realms: [{ realm: 'TWO.TEST', services: ['host/www.two.test'] }],
      },
      '--keytab',
      inFolder('keys'),
    );
    const conf = readFileSync(inFolder('krb5.conf'), 'utf8');
    expect(conf).toMatch(
      /\tTWO\.TEST = \{\n\t\tkdc = 127\.0\.0\.1:\d+\n\t\tkpasswd_server = 127\.0\.0\.1:\d+\n\t\}/,
    );
    expect(conf).toContain('\tB.TEST = {\n\t\tkdc = kdc.b.test:88\n');
    expect(conf).toContain('[capaths]\n\tONE.TEST = {\n\t\tB.TEST = .\n\t\tC.TEST = B.TEST\n\t}\n');
    expect(await client(kinit, ['-C', '-E', 'alice@mail.test'], 'pw\n')).toMatchObject({ status: 0 });
    expect((await client(klist, [])).stdout).toContain('Default principal: alice@ONE.TEST');
    const keytab = ['-k', inFolder('keys')];
    expect(await client(kvno, [...keytab, '-S', 'host', 'www.two.test'])).toMatchObject({ status: 0 });
    expect(await client(kinit, ['-f', '-k', '-t', inFolder('keys'), 'web/localhost'])).toMatchObject({
      status: 0,
    });
    const byProxy = [...keytab, '-I', 'al', '-P', 'db/localhost'];
    expect(await client(kvno, byProxy)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('the domain in a realm file', () => {
  it('is read with its accounts, and so is what authentication is worth there', async () => {
    const account = {
      rid: 1105,
      groups: [1200],
      primaryGroup: 514,
      fullName: 'Alice',
      upn: 'alice@mail.test',
    };
    const content = {
      pac: true,
      domain: { sid: 'S-1-5-21-1-2-3', name: 'LAB', server: 'KDC' },
      indicators: { pkinit: ['certificate'], spake: ['password'] },
      users: [{ name: 'alice', password: 'pw', account }],
      services: [{ name: 'host/localhost', noPac: true, requiresIndicators: ['certificate'] }],
    };
    const file = inFolder('realm.json');
    writeFileSync(file, JSON.stringify(content));
    expect(await readRealmFile(file)).toEqual(content);
  });
});

describe('a realm file that is wrong', () => {
  const user = { name: 'alice', password: 'tell-nobody' };
  const nowhere = 'number 1 in users of the realm';
  it.each<[unknown, string]>([
    [[], 'the realm must be an object'],
    [null, 'the realm must be an object'],
    [{ relm: 'A' }, 'the realm has no member "relm"'],
    [{ realm: 5 }, 'realm of the realm must be text'],
    [{ users: user }, 'users of the realm must be a list'],
    [{ users: [user, 'bob:tell-nobody'] }, 'number 2 in users of the realm must be an object'],
    [{ users: [{ name: 'alice' }] }, `${nowhere} must have a name and a password`],
    [{ users: [{ password: 'tell-nobody' }] }, `${nowhere} must have a name and a password`],
    [{ users: [{ ...user, password: ['tell-nobody'] }] }, `password of ${nowhere} must be text`],
    [{ users: [{ ...user, paswd: 'tell-nobody' }] }, `${nowhere} has no member "paswd"`],
    [{ users: [{ ...user, __proto__: {} }] }, ''],
    [{ users: [{ ...user, constructor: {} }] }, `${nowhere} has no member "constructor"`],
    [
      { users: [{ ...user, maxLife: 'tell-nobody' }] },
      `maxLife of ${nowhere} must be a duration such as "10h"`,
    ],
    [{ users: [{ ...user, maxLife: '1w' }] }, `maxLife of ${nowhere} must be a duration such as "10h"`],
    [{ users: [{ ...user, maxLife: -5 }] }, `maxLife of ${nowhere} must be a duration such as "10h"`],
    [
      { users: [{ ...user, expiration: 'soon' }] },
      `expiration of ${nowhere} must be a date such as "2030-01-31T12:00:00Z"`,
    ],
    [{ users: [{ ...user, locked: 'yes' }] }, `locked of ${nowhere} must be true or false`],
    [{ users: [{ ...user, kvno: 0 }] }, `kvno of ${nowhere} must be a whole number from 1 to 4294967295`],
    [
      { users: [{ ...user, kvno: 2 ** 32 }] },
      `kvno of ${nowhere} must be a whole number from 1 to 4294967295`,
    ],
    [
      { users: [{ ...user, enctypes: ['aes', 'tell-nobody'] }] },
      `number 2 in enctypes of ${nowhere} names no enctype`,
    ],
    [{ users: [{ ...user, enctypes: [] }] }, `enctypes of ${nowhere} names no enctype`],
    [{ users: [{ ...user, aliases: 'al' }] }, `aliases of ${nowhere} must be a list`],
    [
      { users: [{ ...user, aliases: ['a@b@c'] }] },
      `number 1 in aliases of ${nowhere} is no name of a principal`,
    ],
    [{ trusts: [{}] }, 'number 1 in trusts of the realm must have a realm'],
    [
      { trusts: [{ realm: 'B.TEST', direction: 'up' }] },
      'direction of number 1 in trusts of the realm must be "incoming", "outgoing" or "both"',
    ],
    [{ capaths: { A: { B: 'C' } } }, 'B of A of capaths of the realm must be a list'],
    [{ domainRealms: [] }, 'domainRealms of the realm must be an object'],
    [{ domain: { name: 'LAB' } }, 'domain of the realm must have a sid and a name'],
    [
      { domain: { name: 'LAB', sid: 'S-1-5-x' } },
      'sid of domain of the realm must be a SID such as "S-1-5-21-1-2-3"',
    ],
    [{ indicators: { magic: ['a'] } }, 'indicators of the realm has no member "magic"'],
    [{ users: [{ ...user, account: {} }] }, `account of ${nowhere} must have a rid`],
    [{ realms: [{}] }, 'number 1 in realms of the realm must have a name, in "realm"'],
    [{ services: [{}] }, 'number 1 in services of the realm must have a name'],
    [{ services: [7] }, 'number 1 in services of the realm must be an object'],
  ])('%j', async (content, sentence) => {
    const file = inFolder('realm.json');
    writeFileSync(file, JSON.stringify(content));
    if (sentence === '') {
      expect((await readRealmFile(file)).users).toEqual([user]);
      return;
    }
    expect(await refusal('--principals', file)).toEqual({
      status: 1,
      stdout: '',
      stderr: `krb5kit kdc: ${file}: ${sentence}\n`,
    });
  });

  it.each([
    [{ trusts: [{ realm: 'B.TEST' }] }, 'the trust with B.TEST has no password'],
    [
      { realm: 'A.TEST', trusts: [{ realm: 'A.TEST', password: 'x' }] },
      'the realm A.TEST cannot trust itself',
    ],
    [{ realm: 'A.TEST', realms: [{ realm: 'A.TEST' }] }, 'two realms have the same name'],
  ])('has no realms that cannot be: %j', async (realm, sentence) => {
    const file = inFolder('realm.json');
    writeFileSync(file, JSON.stringify(realm));
    const { status, stderr } = await refusal('--principals', file);
    expect([status, stderr.split('\n')[0]]).toEqual([2, `krb5kit kdc: ${sentence}`]);
  });

  it('is not quoted where it is no JSON at all', async () => {
    const file = inFolder('realm.json');
    writeFileSync(file, '{"users": [{"name": "alice", "password": "tell-nobody" oops}]}');
    const { status, stderr } = await refusal('--principals', file);
    expect([status, stderr]).toEqual([1, `krb5kit kdc: ${file}: this is not JSON, in line 1\n`]);
  });

  it('is named where it cannot be read', async () => {
    expect((await refusal('--principals', folder)).stderr).toBe(`krb5kit kdc: ${folder}: Is a directory\n`);
    if (existsSync('/dev/zero'))
      expect((await refusal('--principals', '/dev/zero')).stderr).toMatch(/: It is longer than \d+ bytes\n$/);
    const none = inFolder('none');
    expect((await refusal('--principals', none)).stderr).toBe(
      `krb5kit kdc: ${none}: No such file or directory\n`,
    );
  });
});

it('names keytabs relative to its file, if that is no pipe', () => {
  const realm = { realm: 'A.TEST', services: [{ name: 'HTTP/a', keytab: 'keytab' }] };
  const keytabs = new Map<string, readonly string[]>();
  expect(withoutKeytabs(realm, '/realms/a.json', keytabs)).toEqual({
    realm: 'A.TEST',
    services: [{ name: 'HTTP/a' }],
  });
  expect([...keytabs]).toEqual([['/realms/keytab', ['HTTP/a@A.TEST']]]);
  expect(() => withoutKeytabs(realm, '/dev/stdin', keytabs)).toThrow(
    '/dev/stdin: the keytab keytab needs an absolute path',
  );
});

it('takes what holds for every command before the name of one', async () => {
  const { stderr } = await refusal('--no-color', 'stop', '--realm', 'NONE.TEST');
  expect(stderr).toMatch('no KDC of NONE.TEST runs');
});

it.each([
  [['--user', 'alice'], 2, 'write a user as NAME:PASSWORD'],
  [['--user', ':tell-nobody'], 2, 'write a user as NAME:PASSWORD'],
  [['--realm', ''], 2, 'the realm has no name'],
  [['--realm', 'A@B'], 2, 'the realm has a name that krb5.conf cannot hold'],
  [['--realm', 'A = {\n}'], 2, 'the realm has a name that krb5.conf cannot hold'],
  [['--service', ''], 1, 'A principal of KRB5KIT.TEST has no name'],
  [['--max-life', '0'], 2, "'0' is not a duration such as 30s, 5m or 1h"],
  [['--max-renewable-life', '1w'], 2, "'1w' is not a duration such as 30s, 5m or 1h"],
  [['--enctypes', 'rot13'], 2, "'rot13' names no enctype"],
  [['--enctypes', 'aes256-cts,ase128-cts'], 2, "'ase128-cts' names no enctype"],
  [['--enctypes', 'aes -aes'], 2, "'aes -aes' names no enctype"],
  [['--user', 'alice:a', '--user', 'alice:b'], 2, 'two users or services are named alice@KRB5KIT.TEST'],
  [['--user', 'a:b', '--service', 'a@KRB5KIT.TEST'], 2, 'two users or services are named a@KRB5KIT.TEST'],
  [['--database', 'other.mdb', 'delete', 'alice'], 2, 'write --database after "delete"'],
  [['--max-life', '1h', 'run', '--', 'true'], 2, 'write --max-life after "run"'],
  [['--port', '70000'], 2, "'70000' is not a port"],
  [['--port', ''], 2, "'' is not a port"],
  [['--host', ''], 2, '--host requires an address'],
  [['bogus'], 2, "there is no command 'bogus'"],
  [['--service', 'a@B.TEST'], 1, 'a@B.TEST is not in the realm KRB5KIT.TEST'],
  [['--service', 'a@b@c'], 1, ''],
  [['--host', 'not an address'], 1, ''],
])('tells what is wrong with %j', async (argv, status, sentence) => {
  const told = await refusal(...argv);
  expect(told).toMatchObject({ status, stdout: '' });
  expect(told.stderr.startsWith(`krb5kit kdc: ${sentence}`)).toBe(true);
  expect(told.stderr).not.toMatch(/Internal error|tell-nobody/);
  expect(told.stderr.trimEnd().split('\n')).toHaveLength(status);
  expect(existsSync(inFolder('krb5.conf'))).toBe(false);
});

describe('a certificate', () => {
  it('is named by the realm file, from its folder, and lets users in who have one', async () => {
    const pki = createPki('A.TEST');
    try {
      const [certificate, key] = pki.kdc.replace('FILE:', '').split(',') as [string, string];
      const anchor = pki.anchors.replace('FILE:', '');
      copyFileSync(anchor, inFolder('ca.pem'));
      writeFileSync(inFolder('kdc.pem'), readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
      await startFrom({
        realm: 'A.TEST',
        users: [{ name: 'alice', password: 'pw' }],
        pkinit: { certificate: 'kdc.pem', anchors: ['ca.pem'] },
      });
      const words = [`X509_user_identity=${pki.identity}`, `X509_anchors=FILE:${anchor}`];
      expect(await client(kinit, [...words.flatMap(word => ['-X', word]), 'alice'])).toMatchObject({
        status: 0,
        stderr: '',
      });
    } finally {
      pki.remove();
    }
  });

  it('is of use with its key alone', async () => {
    const pki = createPki('A.TEST');
    try {
      const [certificate] = pki.kdc.replace('FILE:', '').split(',') as [string];
      const [, key] = pki.identity.replace('FILE:', '').split(',') as [string, string];
      const tryWith = async (pkinit: object) => {
        writeFileSync(inFolder('realm.json'), JSON.stringify({ pkinit }));
        return refusal('--principals', inFolder('realm.json'));
      };
      const anchors = [pki.anchors.replace('FILE:', '')];
      expect((await tryWith({ certificate, key, anchors })).stderr).toContain(
        'The certificate and the key are no pair',
      );
      expect((await tryWith({ certificate: 'none.pem', anchors })).stderr).toContain(inFolder('none.pem'));
      expect((await tryWith({ certificate })).stderr).toContain('must have a certificate and anchors');
    } finally {
      pki.remove();
    }
  });
});

it('offers SPAKE in the groups that it is told', async () => {
  await startFrom({ users: [{ name: 'alice', password: 'pw' }], spakeGroups: ['P-384'] });
  const conf = readFileSync(inFolder('krb5.conf'), 'utf8');
  const groups = (list: string): void =>
    writeFileSync(
      inFolder('krb5.conf'),
      conf.replace('[libdefaults]\n', `[libdefaults]\n\tspake_preauth_groups = ${list}\n`),
    );
  const used = async (): Promise<string> => {
    expect(await client(kinit, ['alice'], 'pw\n')).toMatchObject({ status: 0 });
    return (await client(klist, ['-C'])).stdout;
  };
  groups('P-384');
  expect(await used()).toMatch(/pa_type\(.*\) = 151/);
  groups('edwards25519');
  expect(await used()).not.toMatch(/pa_type\(.*\) = 151/);
  const said = await refusal('--spake-groups', 'P-384,P-999');
  expect(said).toMatchObject({ status: 2, stderr: expect.stringContaining('--spake-groups must be') });
});
