import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { cache } from '../../../src/cli/cache.ts';
import { kinit } from '../../../src/cli/kinit.ts';
import { klist } from '../../../src/cli/klist.ts';
import { openSession } from '../../../src/cli/session.ts';
import { type RunningKdc, startKdc } from '../../../src/kdc/start.ts';
import { chooseDefaultCache } from '../../../src/local/caches/default-cache.ts';
import { scratch } from '../../ccache/samples.ts';
import { runAt, ticketFor, writeCache } from '../../cli/caches.ts';
import { type CapturedIo, captureIo } from '../../support/io.ts';

let kdc: RunningKdc;
let home: string;
let file: string;
beforeAll(async () => {
  kdc = await startKdc({ realm: 'A.TEST', users: [{ name: 'alice', password: 'alicepw' }] });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  home = scratch();
  file = `FILE:${home}/krb5cc_1000`;
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
});

function environment(more: Readonly<Record<string, string>>) {
  return {
    HOME: home,
    KRB5_CONFIG: join(home, 'krb5.conf'),
    KRB5KIT_HOME: join(home, 'data'),
    PATH: process.env.PATH,
    ...more,
  };
}

async function run(line: string, more: Readonly<Record<string, string>> = {}): Promise<CapturedIo> {
  const options = { env: environment(more), cacheDirectory: home, stdin: 'alicepw\n', now: () => new Date() };
  const { status, io } = await runAt(home, kinit, line.split(' '), options);
  expect([status, io.stdout]).toEqual([0, 'Password for alice@A.TEST: \n']);
  return io;
}

/** The address of a session's bus that does with each connection what `greet` does. */
function bus(greet: (socket: Socket) => void): Readonly<Record<string, string>> {
  const path = join(home, 'bus');
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    greet(socket);
  }).listen(path);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
}

const silent = () => bus(() => undefined);
const refusing = () => bus(socket => socket.write('REJECTED EXTERNAL\r\n'));

describe('kinit without a keychain', () => {
  it('puts tickets into a file, and says why only with -V, beside what MIT says', async () => {
    expect((await run('alice')).stderr).toBe('');
    expect((await run('-V alice')).stderr).toBe(
      [
        `Tickets go to ${file}: there is no D-Bus session`,
        `Using default cache: ${home}/krb5cc_1000`,
        'Using principal: alice@A.TEST',
        'Authenticated to Kerberos v5\n',
      ].join('\n'),
    );
  });

  it('says so of a bus that is gone', async () => {
    const gone = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
    expect((await run('alice', gone)).stderr).toBe('');
    expect((await run('-V alice', gone)).stderr).toContain(
      `Tickets go to ${file}: nobody listens at the address of the D-Bus session\n`,
    );
  });

  it('says so of KRB5KIT_KEYCHAIN=none', async () => {
    const io = await run('-V alice', { KRB5KIT_KEYCHAIN: 'none', ...silent() });
    expect(io.stderr).toContain(`Tickets go to ${file}: KRB5KIT_KEYCHAIN is none\n`);
  });

  it('says nothing where the file was asked for', async () => {
    const io = await run('-V alice', { KRB5CCNAME: file, ...silent() });
    expect(io.stderr).not.toContain('Tickets go to');
  });
});

describe('kinit with a keychain that fails', () => {
  it('warns of one that hangs', async () => {
    const io = await run('alice', silent());
    expect(io.stderr).toBe(`Warning: Tickets go to ${file}: the OS keychain did not answer in time\n`);
    expect(existsSync(`${home}/krb5cc_1000`)).toBe(true);
  }, 60_000);

  it('warns of one that is broken, with -V and without', async () => {
    const warning = `Warning: Tickets go to ${file}: the session bus refused this user\n`;
    const broken = refusing();
    expect((await run('alice', broken)).stderr).toBe(warning);
    expect((await run('-V alice', broken)).stderr).toContain(`${warning}Using default cache: `);
  });

  it('warns of one that was asked for by name and is absent', async () => {
    const io = await run('alice', { KRB5KIT_KEYCHAIN: 'secret-tool' });
    expect(io.stderr).toBe(
      `Warning: Tickets go to ${file}: KRB5KIT_KEYCHAIN is secret-tool, but there is no D-Bus session\n`,
    );
  });

  it('refuses to guess what KRB5KIT_KEYCHAIN means', async () => {
    const env = environment({ KRB5KIT_KEYCHAIN: 'passphrse' });
    const { status, io } = await runAt(home, kinit, ['alice'], { env, cacheDirectory: home });
    expect([status, io.stderr]).toEqual([
      1,
      expect.stringMatching(/^kinit: KRB5KIT_KEYCHAIN is passphrse, but must be one of .*\n$/),
    ]);
  });
});

describe('a data directory that nothing can be written to', () => {
  let unwritable: Readonly<Record<string, string>>;
  let reason: string;
  beforeEach(() => {
    // Root may write to any directory, but not below a file.
    const data = join(home, 'occupied', 'data');
    writeFileSync(join(home, 'occupied'), '');
    unwritable = { KRB5KIT_HOME: data, KRB5KIT_KEYCHAIN: 'passphrase' };
    reason = `cannot write to ${data}: not a directory`;
  });

  it('has tickets go to a file, with a warning', async () => {
    expect((await run('alice', unwritable)).stderr).toBe(`Warning: Tickets go to ${file}: ${reason}\n`);
    expect(existsSync(`${home}/krb5cc_1000`)).toBe(true);
  });

  it.each([
    ['alice', 'KEYCHAIN:'],
    ['-c KEYCHAIN:mine alice', 'FILE:/nonexistent'],
  ])('fails kinit %s with KRB5CCNAME=%s before the password', async (line, named) => {
    const env = environment({ ...unwritable, KRB5CCNAME: named });
    const { status, io } = await runAt(home, kinit, line.split(' '), { env, stdin: 'alicepw\n' });
    expect([status, io.output]).toEqual([1, `kinit: Tickets cannot be sealed: ${reason}\n`]);
  });

  it('is told of by cache backend', async () => {
    const options = { env: { ...environment(unwritable), PATH: home }, cacheDirectory: home };
    const { io } = await runAt(home, cache, ['backend'], options);
    expect(io.stdout).toContain(`/data/tickets (there are none, ${reason})\n`);
    expect(io.stdout).toContain(`Default cache: ${file} (${reason})\n`);
  });
});

it('whatever else fills the default cache warns as well', async () => {
  const from = `FILE:${writeCache(home, [ticketFor('krbtgt/A.TEST@A.TEST')])}`;
  const env = environment({});
  const kirbi = join(home, 'kirbi');
  expect((await runAt(home, cache, ['export', '-c', from, kirbi], { env })).io.output).toBe('');
  const options = { env: { ...env, ...refusing() }, cacheDirectory: home };
  const { status, io } = await runAt(home, cache, ['import', '-q', kirbi], options);
  expect([status, io.output]).toEqual([
    0,
    `Warning: Tickets go to ${file}: the session bus refused this user\n`,
  ]);
});

it('a command that reads says what it always said', async () => {
  const options = { env: environment(refusing()), cacheDirectory: home };
  const { status, io } = await runAt(home, klist, [], options);
  expect([status, io.output]).toEqual([
    1,
    `klist: No credentials cache found (filename: ${home}/krb5cc_1000)\n`,
  ]);
});

describe('the default cache', () => {
  const choose = (more: Readonly<Record<string, string>>, reading = false) =>
    chooseDefaultCache(openSession(captureIo({ env: environment(more), cacheDirectory: home })), { reading });

  it('is that of KRB5CCNAME, then that of the configuration', async () => {
    const named = { name: 'MEMORY:x', reason: 'KRB5CCNAME names it' };
    expect(await choose({ KRB5CCNAME: 'MEMORY:x' })).toEqual(named);
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\ndefault_ccache_name = MEMORY:y\n');
    expect(await choose({})).toEqual({ name: 'MEMORY:y', reason: 'default_ccache_name names it' });
    // The variable of a script that has none must not make it work on another cache.
    expect(await choose({ KRB5CCNAME: '' })).toEqual({ ...named, name: '' });
    writeFileSync(join(home, 'krb5.conf'), '[libdefaults]\ndefault_ccache_name = ""\n');
    expect(await choose({})).toEqual({ name: '', reason: 'default_ccache_name names it' });
  });

  it('is KEYCHAIN: where there are sealed tickets, unless no keychain is wanted', async () => {
    mkdirSync(join(home, 'data'));
    writeFileSync(join(home, 'data', 'tickets'), '');
    expect(await choose({})).toEqual({ name: 'KEYCHAIN:', reason: 'there are sealed tickets' });
    expect(await choose({ KRB5KIT_KEYCHAIN: 'none' })).toMatchObject({ name: file });
  });

  it('is KEYCHAIN: where a passphrase is wanted', async () => {
    const sealed = { name: 'KEYCHAIN:', reason: 'the keychain can be used' };
    expect(await choose({ KRB5KIT_KEYCHAIN: 'passphrase' })).toEqual(sealed);
    expect(await choose({ KRB5KIT_KEYCHAIN: 'passphrase' }, true)).toEqual(sealed);
  });

  it('is the file that others left, to read', async () => {
    writeFileSync(join(home, 'krb5cc_1000'), '');
    expect(await choose({ KRB5KIT_KEYCHAIN: 'passphrase' }, true)).toEqual({
      name: file,
      reason: 'the file exists',
    });
    expect(await choose({}, false)).toEqual({
      name: file,
      reason: 'there is no D-Bus session',
      keychain: 'absent',
    });
  });
});
