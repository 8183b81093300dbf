import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

const modules = join(import.meta.dirname, '../../node_modules');

describePeer('secret-service', () => {
  let session: SecretServiceSession;
  let scripts: string;
  let data: string;

  beforeAll(async () => {
    scripts = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    // As the commands are built.
    buildSync({
      entryPoints: [join(import.meta.dirname, 'keychain-worker.ts')],
      outfile: join(scripts, 'worker.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      supported: { 'dynamic-import': false },
      external: ['keytar'],
    });
    session = await startSecretService();
  });
  afterAll(async () => {
    await session.stop();
    rmSync(scripts, { recursive: true });
  });
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    onTestFinished(() => rmSync(data, { recursive: true }));
  });

  function start(args: readonly string[], environment = session.environment): ChildProcess {
    const [task, ...rest] = args as [string, ...string[]];
    const worker = spawn(process.execPath, [join(scripts, 'worker.cjs'), task, data, ...rest], {
      env: { ...environment, NODE_PATH: modules },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      worker.kill('SIGKILL');
    });
    return worker;
  }

  /** The worker's exit status and what it said. */
  async function run(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<[unknown, unknown]> {
    const worker = start(args, environment);
    const chunks: Buffer[] = [];
    worker.stdout!.on('data', chunk => chunks.push(chunk));
    const [status] = await once(worker, 'close');
    return [status, JSON.parse(Buffer.concat(chunks).toString())];
  }

  const failure = (code: string) => [7, expect.objectContaining({ code })];
  const sealed = () => join(data, 'tickets');

  it('keeps tickets over processes, and leaves neither file nor key behind', async () => {
    expect(await run(['load', ''])).toEqual(failure('CACHE_NOT_FOUND'));
    expect(await run(['initialize', '', 'alice@A.TEST'])).toEqual([0, null]);
    expect(await run(['store', '', '1'])).toEqual([0, null]);
    expect(await run(['load', 'alice@A.TEST'])).toEqual([
      0,
      ['alice@A.TEST', 'host/0@A.TEST', 'host/1@A.TEST'],
    ]);
    expect(await run(['remove', '', 'host/0@A.TEST'])).toEqual([0, 1]);
    expect(await run(['load', ''])).toEqual([0, ['alice@A.TEST', 'host/1@A.TEST']]);
    expect(session.search()).toContain(`label = krb5kit/${data}`);
    expect(await run(['destroy', ''])).toEqual([0, null]);
    expect(existsSync(sealed())).toBe(false);
    expect(session.search()).toBe('');
  });

  it('writes no name in the clear', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    const files = readdirSync(data, { recursive: true, withFileTypes: true });
    for (const file of files.filter(entry => entry.isFile())) {
      expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toMatch(/alice|A\.TEST|host/);
    }
    await run(['destroy', '']);
  });

  it('loses no ticket of 20 processes that store at once', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    const numbers = Array.from({ length: 20 }, (_, i) => String(i + 1));
    const stored = await Promise.all(numbers.map(number => run(['store', '', number])));
    expect(stored.map(([status]) => status)).toEqual(numbers.map(() => 0));
    const [, loaded] = await run(['load', '']);
    expect(new Set(loaded as string[])).toEqual(
      new Set(['alice@A.TEST', ...['0', ...numbers].map(number => `host/${number}@A.TEST`)]),
    );
    await run(['destroy', '']);
  });

  it('a copy of the file is dead once the last cache is destroyed', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    const copy = readFileSync(sealed());
    await run(['destroy', '']);
    writeFileSync(sealed(), copy);
    expect(await run(['load', ''])).toEqual(failure('KEYCHAIN_KEY_LOST'));
    expect(await run(['initialize', '', 'alice@A.TEST'])).toEqual(failure('KEYCHAIN_KEY_LOST'));
    expect(readFileSync(sealed())).toEqual(copy);
  });

  it('tells a locked keyring from a lost key, and changes nothing', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    const before = readFileSync(sealed());
    session.lock();
    expect(await run(['load', ''])).toEqual(failure('KEYCHAIN_LOCKED'));
    expect(await run(['store', '', '1'])).toEqual(failure('KEYCHAIN_LOCKED'));
    expect(await run(['destroy', ''])).toEqual(failure('KEYCHAIN_LOCKED'));
    expect(await run(['probe', ''])).toEqual([0, { usable: false, reason: 'The OS keychain is locked' }]);
    expect(readFileSync(sealed())).toEqual(before);
    await session.restartDaemon();
    expect(await run(['load', ''])).toEqual([0, ['alice@A.TEST', 'host/0@A.TEST']]);
    await run(['destroy', '']);
  });

  it('cannot make a cache in a locked keyring', async () => {
    session.lock();
    expect(await run(['initialize', '', 'alice@A.TEST'])).toEqual(failure('KEYCHAIN_LOCKED'));
    expect(existsSync(sealed())).toBe(false);
    await session.restartDaemon();
  });

  it('gives up on a daemon that hangs, and ends with its status', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    const daemon = session.daemon();
    daemon.kill('SIGSTOP');
    for (const task of ['load', 'destroy']) {
      const began = performance.now();
      expect(await run([task, ''])).toEqual(failure('KEYCHAIN_TIMEOUT'));
      expect(performance.now() - began).toBeLessThan(2500);
    }
    daemon.kill('SIGCONT');
    expect(await run(['load', ''])).toEqual([0, ['alice@A.TEST', 'host/0@A.TEST']]);
    await run(['destroy', '']);
  });

  it('gives up on a bus that hangs', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    session.bus.kill('SIGSTOP');
    expect(await run(['load', ''])).toEqual(failure('KEYCHAIN_TIMEOUT'));
    session.bus.kill('SIGCONT');
    await run(['destroy', '']);
  });

  it('says so when the daemon dies while it is asked', async () => {
    await run(['initialize', '', 'alice@A.TEST']);
    session.daemon().kill('SIGSTOP');
    const answer = run(['load', '']);
    setTimeout(() => session.daemon().kill('SIGKILL'), 500);
    expect(await answer).toEqual(failure('KEYCHAIN_UNAVAILABLE'));
    await session.restartDaemon();
    await run(['destroy', '']);
  });

  it('a process outlives its daemon', async () => {
    const worker = start(['cycleTwice', '', 'alice@A.TEST']);
    const lines = createInterface(worker.stdout!)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('"once"');
    await session.restartDaemon();
    worker.stdin!.write('again\n');
    expect((await lines.next()).value).toBe('"twice"');
    expect(session.search()).toBe('');
  });

  it('is unusable without a bus, without a service, and where the bus is gone', async () => {
    const bare = await startSecretService({ keyring: false });
    onTestFinished(() => bare.stop());
    const { DBUS_SESSION_BUS_ADDRESS: _, ...noBus } = bare.environment;
    const gone = { ...noBus, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' };
    for (const environment of [noBus, gone, bare.environment]) {
      expect(await run(['initialize', '', 'alice@A.TEST'], environment)).toEqual(
        failure('KEYCHAIN_UNAVAILABLE'),
      );
      expect(await run(['probe', ''], environment)).toEqual([0, expect.objectContaining({ usable: false })]);
    }
    expect(await run(['probe', ''])).toEqual([0, { usable: true }]);
  });
});
