import { existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { agent } from '../../src/cli/agent.ts';
import { logout } from '../../src/cli/logout.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { localAgent } from '../agent/support.ts';
import { scratch } from '../ccache/samples.ts';
import { contents } from '../ccache/tickets.ts';
import { captureIo } from '../support/io.ts';
import { runAt } from './caches.ts';

const uid = process.geteuid?.() ?? 1000;

let folder: string;
let data: string;
/** Where our agent listens. */
let socket: string;

beforeEach(() => {
  folder = scratch();
  data = join(folder, 'data');
  mkdirSync(join(data, 'agent'), { recursive: true, mode: 0o700 });
  socket = join(data, 'agent/.heim_org.h5l.kcm-socket');
});

/** Logs out a user with that much of a krb5.conf. */
function run(libdefaults = '', more: Readonly<Record<string, string>> = {}) {
  const conf = join(folder, 'krb5.conf');
  writeFileSync(conf, `[libdefaults]\n${libdefaults}\n`);
  const env = { KRB5KIT_HOME: data, KRB5_CONFIG: conf, KRB5CCNAME: join(folder, 'none'), ...more };
  return runAt(folder, logout, [], { uid, cacheDirectory: join(folder, 'tmp'), env });
}

function put(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, CcacheFile.encode(contents));
  return path;
}

describe('names of caches', () => {
  it('are those of KRB5CCNAME and of the configuration, neither of which hides the other', async () => {
    const [named, configured] = [put('named'), put('configured')];
    const { status, io } = await run(`default_ccache_name = FILE:${configured}`, { KRB5CCNAME: named });
    expect([status, io.output]).toEqual([
      0,
      `Destroyed FILE:${named} of alice@A.TEST\nDestroyed FILE:${configured} of alice@A.TEST\n`,
    ]);
    expect([named, configured].some(path => existsSync(path))).toBe(false);
  });

  it('count once, with or without the type', async () => {
    const path = join(folder, 'directory');
    mkdirSync(path);
    const { status, io } = await run(`default_ccache_name = FILE:${path}`, { KRB5CCNAME: path });
    expect([status, io.stderr.match(/\n/g)]).toEqual([1, ['\n']]);
  });

  it('may be wrong in the one place, and the other is flushed', async () => {
    const configured = put('configured');
    const conf = `default_ccache_name = FILE:${configured}`;
    const { status, io } = await run(conf, { KRB5CCNAME: 'CLOUD:9' });
    expect([status, io.stdout]).toEqual([1, `Destroyed FILE:${configured} of alice@A.TEST\n`]);
  });
});

describe('servers of caches', () => {
  it('are our agent, though nothing names it', async () => {
    const { cache, names } = await localAgent({ socket: { path: socket } });
    for (const name of ['one', 'two']) await cache(name).initialize(contents);
    const { status, io } = await run();
    expect([status, io.stderr]).toEqual([0, '']);
    expect(io.stdout.split('\n').sort()).toEqual([
      '',
      'Destroyed KCM:one of alice@A.TEST',
      'Destroyed KCM:two of alice@A.TEST',
    ]);
    expect(await names()).toEqual([]);
  });

  it('are our agent and the configured one, each asked once whatever names it', async () => {
    const ours = await localAgent({ socket: { path: socket } });
    const other = await localAgent();
    await ours.cache('one').initialize(contents);
    await other.cache('two').initialize(contents);
    await other.cache(`${uid + 1}:theirs`).initialize(contents);
    const conf = `kcm_socket = ${other.socket}\n default_ccache_name = KCM:`;
    const { status, io } = await run(conf, { KRB5CCNAME: 'KCM:two' });
    expect([status, io.output]).toEqual([
      0,
      'Destroyed KCM:one of alice@A.TEST\nDestroyed KCM:two of alice@A.TEST\n',
    ]);
    expect(await other.names()).toEqual([`${uid + 1}:theirs`]);
    await ours.cache('one').initialize(contents);
    expect((await run(`kcm_socket = ${socket}`, { KRB5CCNAME: 'KCM:' })).io.output).toBe(
      'Destroyed KCM:one of alice@A.TEST\n',
    );
  });

  it('are none where there is no socket, or one that a killed server has left', async () => {
    expect((await run(`kcm_socket = ${join(folder, 'kcm')}`)).io.output).toBe('No credential caches found\n');
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(folder, 'kcm'), resolve));
    linkSync(join(folder, 'kcm'), socket);
    await new Promise(resolve => server.close(resolve));
    expect(existsSync(socket)).toBe(true);
    const { status, io } = await run(`kcm_socket = ${socket}`);
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
  });

  it('are told where a name asks for one that is not there, and the rest goes on', async () => {
    const configured = put('configured');
    const { status, io } = await run(
      `default_ccache_name = FILE:${configured}\n kcm_socket = ${join(folder, 'kcm')}`,
      { KRB5CCNAME: 'KCM:' },
    );
    expect([status, io.output]).toEqual([
      1,
      `Destroyed FILE:${configured} of alice@A.TEST\nkrb5kit logout: No KCM server found while listing ccache collection\n`,
    ]);
  });

  it('may hang, and are not waited for much longer than they have to give a sign', {
    timeout: 90_000,
  }, async () => {
    const server = createServer(() => undefined);
    await new Promise<void>(resolve => server.listen(socket, resolve));
    const began = performance.now();
    const { status, io } = await run();
    server.close();
    expect([status, io.output]).toEqual([
      1,
      'krb5kit logout: The KCM server did not answer in time while asking the agent\n',
    ]);
    expect(performance.now() - began).toBeLessThan(45_000);
  });

  it('that share the keychain have nothing left with the sealed tickets, and forget the key', async () => {
    const passphrase = join(folder, 'passphrase');
    writeFileSync(passphrase, 'open sesame\n');
    const more = { KRB5KIT_KEYCHAIN: 'passphrase', KRB5KIT_PASSPHRASE_FILE: passphrase };
    const env = { KRB5KIT_HOME: data, ...more };
    const served = captureIo({ uid, env });
    const ended = runCommand(agent, [], served);
    await expect.poll(() => served.stdout).not.toBe('');
    const { kcmType } = await import('../../src/ccache/kcm.ts');
    const keychain = () => Promise.reject(new TypeError('no keychain is needed here'));
    const cache = kcmType.resolve('one', { dataDirectory: data, keychain, kcmSocket: socket });
    await cache.initialize(contents);
    const { status, io } = await run(`kcm_socket = ${socket}`, { ...more, KRB5CCNAME: 'KCM:' });
    expect([status, io.output]).toEqual([0, 'Destroyed KEYCHAIN:one of alice@A.TEST\n']);
    expect(existsSync(join(data, 'tickets'))).toBe(false);
    await expect(cache.load()).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
    served.stop();
    expect(await ended).toBe(0);
  });
});
