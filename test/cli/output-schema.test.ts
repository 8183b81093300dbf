import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { agent } from '../../src/cli/agent.ts';
import { cache } from '../../src/cli/cache.ts';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { explain } from '../../src/cli/explain.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kswitch } from '../../src/cli/kswitch.ts';
import { ktutil } from '../../src/cli/ktutil.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { logout } from '../../src/cli/logout.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { status } from '../../src/cli/status.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { makeCredential } from '../ap/made-up.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, contents, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { outputOf, outputSchema, outputsOf } from '../support/output-schema.ts';
import { runAt, ticketFor, writeCache, writeKeytab } from './caches.ts';
import { dial, Lab } from './service.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

const key = { keytype: 18, keyvalue: new Uint8Array(32).fill(1) };
const oldKey = { keytype: 3, keyvalue: new Uint8Array(8).fill(1) };
const keys = [
  { principal: alice, timestamp: NOW, kvno: 300, key },
  { principal: alice, timestamp: NOW, kvno: 1, key: oldKey },
];

/** What a command prints, as its schema has it. */
async function told(
  name: string,
  command: Command,
  argv: readonly string[],
  { exit = 0, ...options }: CaptureOptions & { readonly exit?: number } = {},
) {
  const ran = await runAt(home, command, [...argv, '--json'], options);
  expect([ran.status, ran.io.stderr]).toEqual([exit, '']);
  return outputOf(name, ran.io.stdout);
}

/** A collection of two caches; the name of its primary. */
function collection(): string {
  const directory = join(home, 'collection');
  mkdirSync(directory);
  writeFileSync(join(directory, 'primary'), 'tkt\n');
  writeFileSync(join(directory, 'tkt'), CcacheFile.encode(contents));
  const bob = parsePrincipal('bob@A.TEST');
  const expired = { ...tgt, client: bob, endtime: later(-60) };
  writeFileSync(join(directory, 'tktbob'), CcacheFile.encode({ principal: bob, credentials: [expired] }));
  return `DIR:${directory}`;
}

describe('klist', () => {
  it('tells all of a cache', async () => {
    const host = ticketFor('host/x@A.TEST', {
      ticketServer: 'host/x@B.TEST',
      etype: 17,
      renewTill: later(7200),
      endtime: later(90),
      addresses: [{ addrType: 2, address: Uint8Array.of(192, 0, 2, 1) }],
      authorizationData: [{ adType: 128, adData: new Uint8Array(1) }],
    });
    const path = writeCache(home, [tgt, host, configEntry(alice, 'pa_type', undefined, '2')]);
    const found = await told('cache', klist, [path]);
    expect(found).toMatchObject({
      cache: `FILE:${path}`,
      principal: 'alice@A.TEST',
      expired: false,
      endtime: '2026-11-22T13:00:00.000Z',
      secondsLeft: 3600,
      ticketCount: 2,
      truncated: false,
      config: [{ key: 'pa_type', principal: null, value: '2', hex: '32' }],
    });
    expect(found.tickets[0]).toMatchObject({ ticketServer: null, kvno: null, enctype: null });
    expect(found.tickets[1]).toEqual({
      client: 'alice@A.TEST',
      server: 'host/x@A.TEST',
      ticketServer: 'host/x@B.TEST',
      kvno: 0,
      enctype: { number: 17, name: 'aes128-cts-hmac-sha1-96' },
      sessionEnctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
      flags: {
        number: 0x40e10000,
        names: ['forwardable', 'renewable', 'initial', 'pre-authent', 'enc-pa-rep'],
      },
      authtime: '2026-11-22T12:00:00.000Z',
      starttime: '2026-11-22T12:00:00.000Z',
      endtime: '2026-11-22T12:01:30.000Z',
      renewTill: '2026-11-22T14:00:00.000Z',
      expired: false,
      secondsLeft: 90,
      renewSecondsLeft: 7200,
      addresses: [{ type: { number: 2, name: 'IPv4' }, address: '192.0.2.1' }],
      authorizationData: [{ number: 128, name: 'AD-WIN2K-PAC' }],
      userToUser: false,
    });
  });

  it('shows no key', async () => {
    const path = writeCache(home, [credential('host/x@A.TEST')]);
    expect(JSON.stringify(await told('cache', klist, [path]))).not.toContain('0707');
  });

  it('tells of expired and of empty caches', async () => {
    const expired = writeCache(home, [{ ...tgt, endtime: later(-1) }]);
    expect(await told('cache', klist, [expired])).toMatchObject({ expired: true, secondsLeft: 0 });
    const empty = writeCache(home, []);
    expect(await told('cache', klist, [empty])).toMatchObject({ expired: true, endtime: null, tickets: [] });
  });

  it('tells indicators where they are asked for', async () => {
    const keytab = writeKeytab(home, keys);
    const found = await told('cache', klist, ['-I', keytab, writeCache(home)]);
    expect(found.tickets[0]).toMatchObject({ authenticationIndicators: [] });
  });

  it('lists collections, in brief and in full', async () => {
    const env = { KRB5CCNAME: collection() };
    const brief = await told('cacheList', klist, ['-l'], { env });
    expect(brief.caches.map(({ principal, expired }: never) => [principal, expired])).toEqual([
      ['alice@A.TEST', false],
      ['bob@A.TEST', true],
    ]);
    const full = await told('cacheCollection', klist, ['-A'], { env });
    expect(full.caches).toMatchObject([{ tickets: [{ expired: false }] }, { tickets: [{ expired: true }] }]);
    const none = { KRB5CCNAME: `FILE:${home}/none` };
    expect(await told('cacheList', klist, ['-l'], { env: none, exit: 1 })).toEqual({ caches: [] });
  });

  it('lists a keytab as ktutil does', async () => {
    const keytab = writeKeytab(home, keys);
    const found = await told('keytab', klist, ['-k', keytab]);
    expect(found.keys).toMatchObject([
      { kvno: 300, enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' } },
      { kvno: 1, enctype: { number: 3, name: 'des-cbc-md5' } },
    ]);
    expect(found.keys[0]).not.toHaveProperty('key');
    expect(await told('keytab', ktutil, ['list', keytab])).toEqual(found);
    expect((await told('keytab', klist, ['-kK', keytab])).keys[0].key).toBe('01'.repeat(32));
  });

  it('prints nothing with -s', async () => {
    const { status, io } = await runAt(home, klist, ['-s', '--json', writeCache(home)]);
    expect([status, io.output]).toEqual([0, '']);
  });
});

describe('other commands on caches and keytabs', () => {
  it('krb5kit cache list and backend', async () => {
    const path = writeCache(home);
    expect(await told('cacheList', cache, ['list', path])).toMatchObject({ caches: [{ ticketCount: 1 }] });
    const env = { KRB5KIT_HOME: home, PATH: home };
    expect(await told('backends', cache, ['backend'], { env, cacheDirectory: home })).toMatchObject({
      backend: null,
      sealedTickets: { path: `${home}/tickets`, present: false, problem: null },
      defaultCache: { cache: `FILE:${home}/krb5cc_1000` },
    });
  });

  it('kswitch and kdestroy', async () => {
    const env = { KRB5CCNAME: collection() };
    const switched = await told('switched', kswitch, ['-p', 'bob@A.TEST'], { env });
    expect(switched).toEqual({
      cache: `DIR::${home}/collection/tktbob`,
      principal: 'bob@A.TEST',
    });
    expect(await told('destroyed', kdestroy, ['-p', 'bob@A.TEST'], { env })).toEqual({
      destroyed: [switched.cache],
      ticketsRemoved: 0,
      othersPresent: true,
    });
    expect((await told('destroyed', kdestroy, ['-A'], { env })).destroyed).toHaveLength(1);
    const path = writeCache(home, [tgt, credential('host/x@A.TEST', { endtime: later(-1) })]);
    expect(await told('destroyed', kdestroy, ['--expired', '-c', path])).toMatchObject({
      destroyed: [],
      ticketsRemoved: 1,
    });
  });

  it('ktutil diff', async () => {
    const [first, second] = [join(home, 'first'), join(home, 'second')] as const;
    writeFileSync(first, KeytabFile.encode(keys));
    writeFileSync(second, KeytabFile.encode(keys.slice(1)));
    const found = await told('keytabDifferences', ktutil, ['diff', first, second], { exit: 1 });
    expect([found.onlyFirst.length, found.onlySecond.length, found.otherKey.length]).toEqual([1, 0, 0]);
  });

  it('krb5kit logout', async () => {
    const options = { uid: process.geteuid?.() ?? 1000, cacheDirectory: home };
    const path = writeCache(home);
    const env = { KRB5KIT_HOME: join(home, 'data'), KRB5CCNAME: path, SHELL: '/bin/bash' };
    expect(await told('loggedOut', logout, [], { ...options, env })).toEqual({
      destroyed: [{ what: `FILE:${path}`, cache: `FILE:${path}`, principal: 'alice@A.TEST' }],
    });
    expect(await told('loggedOut', logout, [], { ...options, env })).toEqual({ destroyed: [] });
    const { installed } = await told('logoutStatus', logout, ['--status'], { ...options, env, exit: 1 });
    expect(installed).toBe(false);
  });

  it('krb5kit agent --status and krb5kit kdc status, where none runs', async () => {
    const env = { KRB5KIT_HOME: home, XDG_RUNTIME_DIR: home };
    expect(await told('agentStatus', agent, ['--status'], { env, exit: 1 })).toEqual({ running: false });
    expect(await told('kdcStatus', kdc, ['status'], { env, exit: 1 })).toEqual({ kdcs: [] });
  });

  it('krb5kit status', async () => {
    const path = writeCache(home, [tgt, credential('host/x@A.TEST', { endtime: later(60) })]);
    expect(await told('status', status, [path])).toMatchObject({
      time: '2026-11-22T12:00:00.000Z',
      valid: true,
      caches: [{ cache: `FILE:${path}`, nextExpiry: { server: 'host/x@A.TEST', secondsLeft: 60 } }],
      changes: [],
    });
  });

  it('krb5kit explain, inspect and doctor', async () => {
    expect(await told('explanation', explain, ['24'])).toMatchObject({ name: 'KDC_ERR_PREAUTH_FAILED' });
    expect(await told('explanation', explain, ['-1765328243'])).toHaveProperty('number', null);
    expect(await told('inspection', inspect, [writeCache(home)])).toHaveProperty('nodes.0.name');
    expect(await told('findings', doctor, [], { exit: 1 })).toMatchObject({ healthy: false });
  });
});

describe('what asks KDCs', () => {
  let running: RunningKdc;
  beforeAll(async () => {
    running = await startKdc({
      realm: 'A.TEST',
      users: [{ name: 'alice', password: 'alicepw' }],
      services: ['host/server'],
    });
  });
  afterAll(() => running.close());
  beforeEach(() => writeFileSync(join(home, 'krb5.conf'), running.krb5Conf()));

  async function run(command: Command, argv: readonly string[], stdin = '') {
    const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${home}/cc` };
    const io = captureIo({ env, stdin, uid: process.geteuid?.() });
    return { status: await runCommand(command, [...argv, '--json'], io), io };
  }

  it('kvno, and every failure of it', async () => {
    await run(kinit, ['alice'], 'alicepw\n');
    const { io } = await run(kvno, ['host/server', 'nope/one', 'nope/two']);
    expect(outputOf('serviceTicket', io.stdout)).toMatchObject({
      server: 'host/server@A.TEST',
      kvno: 1,
      expired: false,
      keytab: null,
    });
    expect(outputsOf('failure', io.stderr)).toHaveLength(2);
  });

  it('kinit, where it fails', async () => {
    const { io } = await run(kinit, ['alice'], 'wrong\n');
    expect(outputOf('failure', io.stderr)).toMatchObject({ code: 'PASSWORD_INCORRECT', exitStatus: 1 });
    expect(io.stdout).not.toContain('{');
  });

  it('ktutil verify', async () => {
    const path = writeKeytab(home, running.keytab('host/server'));
    await run(kinit, ['alice'], 'alicepw\n');
    const { io } = await run(ktutil, ['verify', '-k', path]);
    expect(outputOf('keytabVerification', io.stdout).keys[0]).toMatchObject({ kdcKvno: 1 });
  });
});

describe('services', () => {
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab();
  });
  afterEach(() => lab.close());

  it('serve tells in lines what present tells in one', async () => {
    const service = await lab.serve(['--json']);
    const { io } = await lab.present(service.port, makeCredential(), { argv: ['--json'] });
    expect(outputOf('presented', io.stdout)).toMatchObject({
      server: 'sample/localhost@A.TEST',
      mutual: true,
    });
    const [listening, accepted] = outputsOf('serviceEvent', service.io.stdout);
    expect(listening).toMatchObject({ event: 'listening', service: 'sample', port: service.port });
    expect(accepted).toMatchObject({ event: 'accepted', client: 'alice@A.TEST', mutual: true });
  });

  it('serve tells on stderr whom it has refused', async () => {
    const service = await lab.serve(['--json', '--once']);
    (await dial(service.port)).end('nonsense');
    expect(await service.ended).toBe(1);
    expect(outputOf('serviceEvent', service.io.stderr)).toMatchObject({
      event: 'refused',
      code: expect.stringMatching(/^[A-Z_]+$/),
    });
  });

  it('the same over GSS-API', async () => {
    const service = await lab.serve(['--json', '--gss', '--once']);
    const { io } = await lab.present(service.port, makeCredential(), { argv: ['--gss', '--json'] });
    expect(outputOf('presentedContext', io.stdout)).toMatchObject({ messages: 1, bytes: 5, sealed: true });
    await service.ended;
    expect(outputsOf('serviceEvent', service.io.stdout)[1]).toMatchObject({
      client: 'alice@A.TEST',
      contextFlags: { names: ['mutual', 'replay', 'sequence', 'confidentiality', 'integrity'] },
      messages: 1,
      sealed: 1,
    });
  });
});

describe('a failure', () => {
  it.each(Object.entries(commands))(
    'of %s on its command line is JSON where it knows --json',
    async (_, { load }) => {
      const command = await load();
      if (!command.options.some(({ flags }) => flags === '--json')) return;
      const { status, io } = await runAt(home, command, ['--json', '--no-such-option']);
      expect(status).toBe(command.usageStatus);
      // explain takes everything for its operand.
      if (command === explain) return;
      expect(outputOf('failure', io.stderr)).toMatchObject({ code: 'USAGE', exitStatus: status });
    },
  );

  it.each([
    [cache, ['no-such-command'], "krb5kit cache: there is no command 'no-such-command'"],
    [ktutil, ['no-such-command'], "ktutil: there is no command 'no-such-command'"],
    [cache, ['list'], 'krb5kit cache: write --json after "list"'],
    [ktutil, ['list'], 'ktutil: write --json after "list"'],
    [klist, ['-t'], 'The command line is wrong'],
  ] as const)('of %o on the command line --json %s says what is wrong', async (command, argv, message) => {
    const { io } = await runAt(home, command, ['--json', ...argv]);
    expect(outputOf('failure', io.stderr)).toMatchObject({ code: 'USAGE', message });
  });

  it.each([kinit, klist, kdestroy])('of %o because of Kerberos 4 is JSON', async command => {
    for (const argv of [
      ['--json', '-4'],
      ['-4', '--json'],
    ]) {
      const { status, io } = await runAt(home, command, argv);
      const message = 'Kerberos 4 is no longer supported';
      expect(status).toBe(3);
      expect(outputOf('failure', io.stderr)).toMatchObject({ code: 'USAGE', message, exitStatus: 3 });
    }
  });

  it('of a listing is JSON', async () => {
    for (const [command, argv] of [
      [klist, ['FILE:/no/such']],
      [klist, ['-k', '/no/such']],
      [cache, ['list', 'FILE:/no/such']],
      [status, ['FILE:/no/such']],
      [kswitch, ['-p', 'nobody@A.TEST']],
    ] as const) {
      const { status, io } = await runAt(home, command, [...argv, '--json']);
      expect(status).toBe(1);
      expect(outputOf('failure', io.stderr).code).toMatch(/NOT_FOUND$/);
    }
  });
});

it('has a schema for each, and each is valid by no mistake', () => {
  for (const name of Object.keys(outputSchema.$defs)) {
    expect(() => outputOf(name, '{"noSuchMember":1}\n'), name).toThrow();
  }
});
