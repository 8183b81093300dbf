import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agent } from '../../src/cli/agent.ts';
import { cache } from '../../src/cli/cache.ts';
import { type Command, jsonOption } from '../../src/cli/command.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { allCommands } from '../../src/cli/krb5kit.ts';
import { ktutil } from '../../src/cli/ktutil.ts';
import { logout } from '../../src/cli/logout.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, credential, later, NOW, tgt } from '../ccache/tickets.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { runAt, ticketFor, writeCache, writeKeytab } from './caches.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

const key = { keytype: 18, keyvalue: new Uint8Array(32).fill(1) };
const keys = [
  { principal: alice, timestamp: NOW, kvno: 2, key },
  { principal: alice, timestamp: later(-1e6), kvno: 1, key },
];
const keyOf = (kvno: number) => ({
  principal: 'alice@A.TEST',
  kvno,
  enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
});

/** What a command says that it has done. */
async function told(name: string, command: Command, argv: readonly string[], options: CaptureOptions = {}) {
  const { status, io } = await runAt(home, command, [...argv, '--json'], options);
  expect([status, io.stderr]).toEqual([0, '']);
  return outputOf(name, io.stdout);
}

describe('krb5kit cache tells in JSON', () => {
  const expired = credential('host/x@A.TEST', { endtime: later(-1) });

  it('what was copied, and what was moved', async () => {
    const from = writeCache(home, [tgt, credential('host/x@A.TEST')]);
    const [copy, moved] = [`FILE:${home}/copy`, `FILE:${home}/moved`] as const;
    expect(await told('cacheCopied', cache, ['copy', from, copy])).toEqual({
      from: `FILE:${from}`,
      to: copy,
      principal: 'alice@A.TEST',
      ticketCount: 2,
      moved: false,
    });
    expect(await told('cacheCopied', cache, ['move', copy, moved, 'host/*'])).toMatchObject({
      ticketCount: 1,
      moved: true,
    });
  });

  it('what was removed, and what had expired', async () => {
    const path = writeCache(home, [tgt, expired, credential('HTTP/x@A.TEST')]);
    const gone = { cache: `FILE:${path}`, client: 'alice@A.TEST' };
    expect(await told('ticketsRemoved', cache, ['sweep', '-c', path])).toEqual({
      removed: [{ ...gone, server: 'host/x@A.TEST', endtime: '2026-11-22T11:59:59.000Z', expired: true }],
    });
    expect(await told('ticketsRemoved', cache, ['sweep', '-c', path])).toEqual({ removed: [] });
    expect(await told('ticketsRemoved', cache, ['remove', '-c', path, 'HTTP/*'])).toMatchObject({
      removed: [{ ...gone, server: 'HTTP/x@A.TEST', expired: false }],
    });
  });

  it('what was exported and imported', async () => {
    const tickets = [ticketFor('krbtgt/A.TEST@A.TEST'), ticketFor('host/y@A.TEST', { isSkey: true })];
    const path = writeCache(home, tickets);
    const file = join(home, 'kirbi');
    const exported = {
      cache: `FILE:${path}`,
      principal: 'alice@A.TEST',
      tickets: ['krbtgt/A.TEST@A.TEST'],
      leftOut: ['host/y@A.TEST'],
    };
    expect(await told('ticketsExported', cache, ['export', '-c', path, file])).toEqual({ ...exported, file });
    const base64 = readFileSync(file).toString('base64');
    const options = { stdoutIsTerminal: true };
    expect(await told('ticketsExported', cache, ['export', '-c', path, '-'], options)).toEqual({
      ...exported,
      base64,
    });
    expect(await told('ticketsImported', cache, ['import', file, `FILE:${home}/new`])).toEqual({
      cache: `FILE:${home}/new`,
      principal: 'alice@A.TEST',
      ticketCount: 1,
    });
  });

  it('that there is no agent to lock', async () => {
    const env = { KRB5KIT_HOME: home };
    const { status, io } = await runAt(home, cache, ['lock', '--json'], { env });
    expect([status, outputOf('failure', io.stderr)]).toMatchObject([
      1,
      { program: 'krb5kit cache lock', code: 'AGENT_LISTEN' },
    ]);
  });
});

describe('ktutil tells in JSON', () => {
  it('what was added, merged and copied', async () => {
    const from = writeKeytab(home, keys);
    const to = join(home, 'to');
    const argv = ['add', '-k', to, '--offline', '--kvno', '2', '-e', 'aes256-cts-hmac-sha1-96'];
    const given = ['--password-stdin', 'alice@A.TEST'];
    const stored = { keytab: `FILE:${to}`, added: 1, replaced: 0, known: 0 };
    expect(await told('keysStored', ktutil, [...argv, ...given], { stdin: 'pw\n' })).toEqual({
      ...stored,
      keys: [keyOf(2)],
    });
    const merged = await told('keysStored', ktutil, ['merge', from, to]);
    expect(merged).toEqual({ ...stored, added: 2, replaced: 1, keys: [keyOf(2), keyOf(1)] });
    const copied = await told('keysStored', ktutil, ['copy', from, to, 'alice*']);
    expect(copied).toMatchObject({ added: 0, known: 2 });
  });

  it('what was renamed, purged and removed', async () => {
    const keytab = writeKeytab(home, keys);
    expect(await told('keysRemoved', ktutil, ['purge', '-k', keytab, '--age', '0s'])).toEqual({
      keytab: `FILE:${keytab}`,
      removed: [keyOf(1)],
    });
    const bob = { ...keyOf(2), principal: 'bob@A.TEST' };
    const renamed = await told('keysRenamed', ktutil, ['rename', '-k', keytab, 'alice@A.TEST', 'bob@A.TEST']);
    expect(renamed.renamed).toEqual([bob]);
    expect((await told('keysRemoved', ktutil, ['remove', '-k', keytab, 'bob'])).removed).toEqual([bob]);
    const { status, io } = await runAt(home, ktutil, ['remove', '-k', keytab, 'bob', '--json']);
    expect([status, io.stdout, outputOf('failure', io.stderr).code]).toEqual([1, '', 'KEYTAB_NO_KEY']);
  });
});

describe('krb5kit kdc tells in JSON', () => {
  const at = (argv: readonly string[]) => [argv[0]!, '-d', join(home, 'db'), ...argv.slice(1)];

  it('what became of a database', async () => {
    const db = join(home, 'db');
    expect(await told('databaseMade', kdc, at(['init', 'A.TEST']))).toEqual({
      database: db,
      realm: 'A.TEST',
      stash: `${db}.stash`,
    });
    // Nobody is prompted in a pipe, so that nothing but JSON comes out of it.
    const added = await told('principalEntry', kdc, at(['add', 'bob']), { stdin: 'bobpw\n' });
    expect(added).toMatchObject({ principal: 'bob@A.TEST', keys: [{ kvno: 1 }] });
    const changed = await told('principalEntry', kdc, at(['passwd', 'bob']), { stdin: 'other\n' });
    expect(changed.keys[0].kvno).toBe(2);
    const modified = await told('principalEntry', kdc, at(['modify', '--set', 'maxLife=60', 'bob']));
    expect(modified.policy).toMatchObject({ maxLife: 60 });
    const keytab = join(home, 'kt');
    const written = await told('keysStored', kdc, at(['ktadd', keytab, 'bob']));
    expect(written.keys[0]).toMatchObject({ principal: 'bob@A.TEST', kvno: 2 });
    const file = join(home, 'dump');
    const argv = at(['dump', '--mit-stash', join(home, 'mit.stash'), file]);
    expect(await told('realmDumped', kdc, argv)).toMatchObject({ file, realm: 'A.TEST' });
    const imported = await told(
      'realmImported',
      kdc,
      at(['import', '-m', join(home, 'mit.stash'), '--keep', file]),
    );
    expect(imported).toMatchObject({ taken: 0 });
    expect(await told('principalsDeleted', kdc, at(['delete', 'bob']))).toEqual({ deleted: ['bob@A.TEST'] });
  });

  it('that none runs that could be stopped', async () => {
    const env = { KRB5KIT_HOME: home };
    const { status, io } = await runAt(home, kdc, ['stop', '--json'], { env });
    expect([status, outputOf('failure', io.stderr).message]).toEqual([1, 'no KDC of KRB5KIT.TEST runs']);
  });
});

describe('what asks KDCs tells in JSON', () => {
  let running: RunningKdc;
  beforeAll(async () => {
    running = await startKdc({
      realm: 'A.TEST',
      users: [{ name: 'alice', password: 'alicepw' }],
      services: ['host/server'],
      host: '127.0.0.1',
    });
  });
  afterAll(() => running.close());
  beforeEach(() => writeFileSync(join(home, 'krb5.conf'), running.krb5Conf()));

  async function run(command: Command, argv: readonly string[], stdin = '') {
    const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${home}/cc` };
    const io = captureIo({ env, stdin, uid: process.geteuid?.() });
    const status = await runCommand(command, [...argv, '--json'], io);
    return { status, stderr: io.stderr, stdout: io.stdout };
  }

  it('what ticket kinit has got, and nothing else', async () => {
    const { status, stderr, stdout } = await run(kinit, ['alice'], 'alicepw\n');
    expect([status, stderr]).toEqual([0, '']);
    const ticket = outputOf('initialTicket', stdout);
    expect(ticket).toMatchObject({
      cache: `FILE:${home}/cc`,
      client: 'alice@A.TEST',
      server: 'krbtgt/A.TEST@A.TEST',
      expired: false,
      services: [],
    });
    expect(ticket.flags.names).toContain('initial');
    expect(ticket.secondsLeft).toBeGreaterThan(3000);
  });

  it('the tickets that last with --for, got or found', async () => {
    for (const stdin of ['alicepw\n', '']) {
      const { status, stdout } = await run(kinit, ['--for', 'host/server', 'alice'], stdin);
      expect(status).toBe(0);
      expect(outputOf('initialTicket', stdout)).toMatchObject({
        server: 'krbtgt/A.TEST@A.TEST',
        services: [{ server: 'host/server@A.TEST' }],
      });
    }
  });

  it('whose password kpasswd has changed', async () => {
    const { status, stderr, stdout } = await run(kpasswd, ['alice'], 'alicepw\nalicepw\nalicepw\n');
    // This KDC has no password server, which is a failure.
    if (status === 0) expect(outputOf('passwordChanged', stdout)).toMatchObject({ changed: true });
    else expect([stdout, outputOf('failure', stderr).program]).toEqual(['', 'kpasswd']);
  });
});

describe('where programs are to find what serves them is told in JSON', () => {
  it('by what installs the agent', async () => {
    const env = { XDG_CONFIG_HOME: home, KRB5KIT_HOME: home, PATH: home };
    const { io } = await runAt(home, agent, ['--install', '--json'], { env, platform: 'linux' });
    const { installed, files, environment } = outputOf('agentInstalled', io.stdout);
    expect([installed, files.every(existsSync), environment.KRB5CCNAME]).toEqual([true, true, 'KCM:']);
    const undone = await runAt(home, agent, ['--uninstall', '--json'], { env, platform: 'linux' });
    expect(outputOf('agentInstalled', undone.io.stdout)).toEqual({ installed: false, files });
  });

  it('by what arranges for a logout', async () => {
    const env = { XDG_CONFIG_HOME: home, KRB5KIT_HOME: join(home, 'data'), PATH: home, SHELL: '/bin/bash' };
    mkdirSync(join(home, 'data'));
    for (const [option, standing] of [
      ['--install', 'installed'],
      ['--uninstall', 'absent'],
    ]) {
      const { io } = await runAt(home, logout, [option!, '--json'], { env, platform: 'linux' });
      const { arrangements } = outputOf('logoutStatus', io.stdout);
      expect(arrangements.map((each: { standing: string }) => each.standing)).toContain(standing);
    }
  });
});

it('every command tells of its failures in JSON, and of what it has done or found unless that is another program', async () => {
  const others = new Set(['cache', 'completion', 'k5start', 'kdc', 'kdc run', 'krenew', 'ktutil', 'run']);
  async function check(name: string, { options, subcommands = {} }: Command): Promise<void> {
    const row = options.find(({ flags }) => flags === '--json');
    expect(row, name).toBeDefined();
    expect(row!.text === jsonOption.text, name).toBe(others.has(name));
    for (const [word, command] of Object.entries(subcommands)) await check(`${name} ${word}`, command);
  }
  for (const [name, { load }] of Object.entries(allCommands)) await check(name, await load());
});
