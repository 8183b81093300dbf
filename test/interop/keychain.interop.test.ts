import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { startKeepassxc } from '../support/keepassxc.ts';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService, until } from '../support/secret-service.ts';

// The library on every implementation of the Secret Service, whatever state that is in.

const implementations = [
  // It has a dialog in a desktop session only, and says so at once.
  {
    peer: 'secret-service',
    start: () => startSecretService({ tcp: true }),
    unasked: 'KEYCHAIN_LOCKED',
    transports: ['path', 'abstract', 'tcp'],
  },
  // It puts up its dialog here as well, where nobody sees it; and it dies of a caller whose process it cannot tell.
  {
    peer: 'keepassxc',
    start: () => startKeepassxc(),
    unasked: 'KEYCHAIN_TIMEOUT',
    transports: ['path', 'abstract'],
  },
] as const;

const modules = join(import.meta.dirname, '../../node_modules');
let scripts: string;
let data: string;

beforeAll(() => {
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
  const stub = join(scripts, 'gated/keytar');
  mkdirSync(stub, { recursive: true });
  writeFileSync(join(stub, 'index.js'), GATED_KEYTAR);
  const refused = join(scripts, 'refused/keytar');
  mkdirSync(refused, { recursive: true });
  writeFileSync(join(refused, 'index.js'), REFUSED_KEYTAR);
});
afterAll(() => rmSync(scripts, { recursive: true }));
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterEach(() => rmSync(data, { recursive: true }));

/** keytar as it is, but that a write says it is about to be made, and waits for leave. */
const GATED_KEYTAR = `
const { existsSync, writeFileSync } = require('node:fs');
const keytar = require(${JSON.stringify(join(modules, 'keytar'))});
exports.getPassword = keytar.getPassword;
exports.deletePassword = keytar.deletePassword;
exports.setPassword = async (...args) => {
  writeFileSync(process.env.GATE + '-reached', '');
  while (!existsSync(process.env.GATE)) await new Promise(resolve => setTimeout(resolve, 5));
  return keytar.setPassword(...args);
};`;

/** keytar where a dialog asks for leave to write and to delete, and the user refuses. */
const REFUSED_KEYTAR = `
const { getPassword } = require(${JSON.stringify(join(modules, 'keytar'))});
module.exports = { getPassword, setPassword: async () => {}, deletePassword: async () => true };`;

/** For what is never answered: a second for an answer, two for a dialog. What is answered may take its time. */
const impatient = { ANSWER_SECONDS: '1', DIALOG_SECONDS: '2' };
const failure = (code: string) => [7, expect.objectContaining({ code })];
const lockedOut = expect.objectContaining({
  usable: false,
  reason: expect.stringMatching(/^the OS keychain is locked$/i),
});
const tickets = ['alice@A.TEST', 'host/0@A.TEST'];
const sealed = () => join(data, 'tickets');

for (const { peer, start: startService, unasked, transports } of implementations) {
  describePeer(peer, () => {
    let session: SecretServiceSession;

    beforeAll(async () => {
      session = await startService();
    });
    afterAll(() => session?.stop());

    const start = (...args: readonly string[]) => startWorker(args, session.environment);
    const run = (...args: readonly string[]) => runWorker(args, session.environment);
    const runImpatiently = (...args: readonly string[]) =>
      runWorker(args, { ...session.environment, ...impatient });

    it('keeps tickets over processes, shows no name of them, and leaves neither file nor key behind', async () => {
      expect(await run('load', '')).toEqual(failure('CACHE_NOT_FOUND'));
      expect(await run('initialize', '', 'alice@A.TEST')).toEqual([0, null]);
      expect(await run('store', '', '1')).toEqual([0, null]);
      expect(await run('load', 'alice@A.TEST')).toEqual([0, [...tickets, 'host/1@A.TEST']]);
      expect(await run('remove', '', 'host/0@A.TEST')).toEqual([0, 1]);
      expect(await run('load', '')).toEqual([0, ['alice@A.TEST', 'host/1@A.TEST']]);
      const files = readdirSync(data, { recursive: true, withFileTypes: true });
      for (const file of files.filter(entry => entry.isFile())) {
        expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toMatch(/alice|A\.TEST|host/);
      }
      expect(session.search()).toContain(`label = krb5kit/${data}`);
      expect(session.items(data)).toBe(1);
      const copy = readFileSync(sealed());
      expect(await run('destroy', '')).toEqual([0, null]);
      expect(existsSync(sealed())).toBe(false);
      expect(session.items(data)).toBe(0);

      // A copy that somebody has made is dead.
      writeFileSync(sealed(), copy);
      expect(await run('load', '')).toEqual(failure('KEYCHAIN_KEY_LOST'));
      expect(await run('initialize', '', 'alice@A.TEST')).toEqual(failure('KEYCHAIN_KEY_LOST'));
      expect(readFileSync(sealed())).toEqual(copy);
    });

    it('puts a new key in the place of one whose tickets are gone', async () => {
      expect(await run('initialize', '', 'alice@A.TEST')).toEqual([0, null]);
      rmSync(sealed());
      expect(await run('initialize', '', 'alice@A.TEST')).toEqual([0, null]);
      expect(await run('load', '')).toEqual([0, tickets]);
      expect(session.items(data)).toBe(1);
      expect(await run('destroy', '')).toEqual([0, null]);
      expect(session.items(data)).toBe(0);
    });

    it('loses no ticket of 8 processes that store at once', async () => {
      await run('initialize', '', 'alice@A.TEST');
      const numbers = Array.from({ length: 8 }, (_, i) => String(i + 1));
      const stored = await Promise.all(numbers.map(number => run('store', '', number)));
      expect(stored.map(([status]) => status)).toEqual(numbers.map(() => 0));
      const [, loaded] = await run('load', '');
      expect(new Set(loaded as string[])).toEqual(
        new Set(['alice@A.TEST', ...['0', ...numbers].map(number => `host/${number}@A.TEST`)]),
      );
      await run('destroy', '');
    });

    it.each(transports)('reaches the service by a bus of type %s', async type => {
      const environment = { ...session.environment, DBUS_SESSION_BUS_ADDRESS: session.addresses[type] };
      expect(await runWorker(['initialize', '', 'alice@A.TEST'], environment)).toEqual([0, null]);
      expect(await runWorker(['load', ''], environment)).toEqual([0, tickets]);
      expect(session.items(data)).toBe(1);
      expect(await runWorker(['destroy', ''], environment)).toEqual([0, null]);
      expect(session.items(data)).toBe(0);
    });

    it('tells a locked collection from a lost key, changes nothing and makes nothing in it', async () => {
      await run('initialize', '', 'alice@A.TEST');
      const before = readFileSync(sealed());
      session.lock();
      onTestFailed(() => session.restartDaemon());
      // One after the other: GNOME's keyring never gets over two dialogs at once that it cannot put up.
      for (const [task, ...rest] of [['load'], ['store', '1'], ['destroy']] as const) {
        expect(await run(task, '', ...rest)).toEqual(failure('KEYCHAIN_LOCKED'));
      }
      expect(await run('probe', '')).toEqual([0, lockedOut]);
      expect(readFileSync(sealed())).toEqual(before);
      rmSync(sealed());
      expect(await runImpatiently('initialize', '', 'alice@A.TEST')).toEqual(failure(unasked));
      expect(existsSync(sealed())).toBe(false);

      await session.restartDaemon();
      writeFileSync(sealed(), before);
      expect(await run('load', '')).toEqual([0, tickets]);
      expect(await run('destroy', '')).toEqual([0, null]);
      expect(session.items(data)).toBe(0);
    });

    it('does not try to unlock what is not found in a locked collection', async () => {
      await run('initialize', '', 'alice@A.TEST');
      session.clear();
      session.lock();
      onTestFinished(() => session.restartDaemon());
      // There is nothing that could.
      const environment = { ...session.environment, NODE_PATH: '', PATH: '' };
      expect(await runWorker(['load', ''], environment)).toEqual(failure('KEYCHAIN_LOCKED'));
      expect(await runWorker(['forget', ''], environment)).toEqual(failure('KEYCHAIN_LOCKED'));
    });

    it('gives up on a bus that hangs', async () => {
      await run('initialize', '', 'alice@A.TEST');
      session.bus.kill('SIGSTOP');
      onTestFinished(() => void session.bus.kill('SIGCONT'));
      expect(await runImpatiently('load', '')).toEqual(failure('KEYCHAIN_TIMEOUT'));
      session.bus.kill('SIGCONT');
      await run('destroy', '');
    });

    it('makes no cache when the daemon hangs while it is given the key, and takes the next one', async () => {
      const daemon = session.daemon();
      const worker = await startAtGate({ ...session.environment, ...impatient });
      daemon.kill('SIGSTOP');
      onTestFinished(() => void daemon.kill('SIGCONT'));
      openGate();
      expect(await outcomeOf(worker)).toEqual(failure('KEYCHAIN_TIMEOUT'));
      expect(existsSync(sealed())).toBe(false);
      daemon.kill('SIGCONT');
      expect(await run('initialize', '', 'alice@A.TEST')).toEqual([0, null]);
      expect(session.items(data)).toBe(1);
      expect(await run('destroy', '')).toEqual([0, null]);
      expect(session.items(data)).toBe(0);
    });

    it('makes no cache when the daemon dies while it is given the key', async () => {
      const worker = await startAtGate(session.environment);
      session.daemon().kill('SIGSTOP');
      onTestFinished(() => session.restartDaemon());
      openGate();
      await sleep(300);
      session.daemon().kill('SIGKILL');
      expect(await outcomeOf(worker)).toEqual(failure('KEYCHAIN_UNAVAILABLE'));
      expect(existsSync(sealed())).toBe(false);
    });

    it('notes that its user has refused to store the key, or to delete it', async () => {
      const refused = { ...session.environment, NODE_PATH: join(scripts, 'refused'), BACKEND: 'keytar' };
      expect(await runWorker(['initialize', '', 'alice@A.TEST'], refused)).toEqual(
        failure('KEYCHAIN_UNAVAILABLE'),
      );
      expect(existsSync(sealed())).toBe(false);
      await run('initialize', '', 'alice@A.TEST');
      expect(await runWorker(['forget', ''], refused)).toEqual(failure('KEYCHAIN_UNAVAILABLE'));
      expect([session.items(data), existsSync(join(data, 'key-left'))]).toEqual([1, true]);
      expect(await run('forget', '')).toEqual([0, null]);
      expect([session.items(data), existsSync(join(data, 'key-left'))]).toEqual([0, false]);
    });

    it('says so when the bus dies while the key is read, and while it is written', async () => {
      const other = await startService();
      onTestFinished(() => other.stop());
      const writer = await startAtGate(other.environment);
      other.daemon().kill('SIGSTOP');
      const outcomes = Promise.all([outcomeOf(writer), runWorker(['probe', ''], other.environment)]);
      openGate();
      await sleep(500);
      other.bus.kill('SIGKILL');
      const unusable = [0, expect.objectContaining({ usable: false })];
      expect(await outcomes).toEqual([failure('KEYCHAIN_UNAVAILABLE'), unusable]);
      expect(existsSync(sealed())).toBe(false);
    });

    it('a process outlives its daemon', async () => {
      const worker = start('cycleTwice', '', 'alice@A.TEST');
      const lines = createInterface(worker.stdout!)[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('"once"');
      await session.restartDaemon();
      worker.stdin!.write('again\n');
      expect((await lines.next()).value).toBe('"twice"');
      expect(session.items(data)).toBe(0);
    });
  });
}

describePeer('secret-service', () => {
  it('a key is not given up for lost while there is a locked collection that may hide it', async () => {
    const session = await startSecretService();
    onTestFinished(() => session.stop());
    const run = (...args: readonly string[]) => runWorker(args, session.environment);
    await run('initialize', '', 'alice@A.TEST');
    session.clear();
    const keyrings = join(session.environment.XDG_DATA_HOME!, 'keyrings');
    // Nobody gives the password of that one to the daemon.
    copyFileSync(join(keyrings, 'login.keyring'), join(keyrings, 'other.keyring'));
    await session.restartDaemon();
    expect(await run('load', '')).toEqual(failure('KEYCHAIN_LOCKED'));
    rmSync(join(keyrings, 'other.keyring'));
    await session.restartDaemon();
    expect(await run('load', '')).toEqual(failure('KEYCHAIN_KEY_LOST'));
  });

  it('of the items in several collections, the one that was written last has the key', async () => {
    const session = await startSecretService();
    onTestFinished(() => session.stop());
    const tool = (args: readonly string[], input = '') =>
      execFileSync('secret-tool', [...args, 'service', 'krb5kit', 'account', data], {
        env: { PATH: process.env.PATH, ...session.environment },
        encoding: 'utf8',
        input,
      });
    await runWorker(['initialize', '', 'alice@A.TEST'], session.environment);
    const key = tool(['lookup']);
    tool(['store', '--label=an old key'], Buffer.alloc(32).toString('base64'));
    // The service counts seconds.
    await sleep(1100);
    tool(['store', '--label=the key', '--collection=session'], key);
    expect(session.items(data)).toBe(2);
    expect(await runWorker(['load', ''], session.environment)).toEqual([0, tickets]);
    expect(await runWorker(['destroy', ''], session.environment)).toEqual([0, null]);
    expect(session.items(data)).toBe(0);
  });
});

/** A worker that makes a cache, before the key is written by keytar, as it is where its user has to be asked. */
async function startAtGate(environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const gated = { GATE: join(data, 'gate'), NODE_PATH: join(scripts, 'gated'), BACKEND: 'keytar' };
  const env = { ...environment, ...gated };
  const worker = startWorker(['initialize', '', 'alice@A.TEST'], env);
  await until(() => existsSync(join(data, 'gate-reached')));
  return worker;
}

function openGate(): void {
  writeFileSync(join(data, 'gate'), '');
}

function startWorker(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  directory = data,
): ChildProcess {
  const [task, ...rest] = args as [string, ...string[]];
  const worker = spawn(process.execPath, [join(scripts, 'worker.cjs'), task, directory, ...rest], {
    env: { NODE_PATH: modules, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void worker.kill('SIGKILL'));
  return worker;
}

/** A worker's exit status and what it said. */
function runWorker(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  directory = data,
): Promise<[unknown, unknown]> {
  return outcomeOf(startWorker(args, environment, directory));
}

async function outcomeOf(worker: ChildProcess): Promise<[unknown, unknown]> {
  const chunks: Buffer[] = [];
  worker.stdout!.on('data', chunk => chunks.push(chunk));
  const [status] = await once(worker, 'close');
  return [status, JSON.parse(Buffer.concat(chunks).toString())];
}

describePeer('keepassxc', () => {
  // There is nobody to answer it.
  it('waits for the dialog of an item, no longer than a user may take', async () => {
    const session = await startKeepassxc({ confirmAccess: true });
    onTestFinished(() => session.stop());
    const other = join(data, 'other');
    for (const directory of [data, other]) {
      await runWorker(['initialize', '', 'alice@A.TEST'], session.environment, directory);
    }
    const before = readFileSync(sealed());
    const outcomes = await Promise.all([
      timed(['load', ''], session),
      timed(['store', '', '1'], session),
      // Nor is a key deleted that may not be read, or passed over.
      timed(['forget', ''], session, other),
    ]);
    for (const outcome of outcomes) expect(outcome).toEqual([failure('KEYCHAIN_TIMEOUT'), true]);
    expect(readFileSync(sealed())).toEqual(before);
    expect(readdirSync(other).sort()).toEqual(['key-left', 'locks']);
  });

  it('waits for the password of a locked database, and for leave to delete, as long as a user may take', async () => {
    const session = await startKeepassxc({ unlockBeforeSearch: true, confirmDeletion: true });
    onTestFinished(() => session.stop());
    await runWorker(['initialize', '', 'alice@A.TEST'], session.environment);
    session.lock();
    expect(await timed(['load', ''], session)).toEqual([failure('KEYCHAIN_TIMEOUT'), true]);
    // Whether it serves at all is found out without a dialog.
    const [status, use] = await runWorker(['probe', ''], session.environment);
    expect([status, use]).toEqual([0, lockedOut]);
    await session.restartDaemon();
    expect(await runWorker(['load', ''], session.environment)).toEqual([0, tickets]);
    expect(await timed(['destroy', ''], session)).toEqual([failure('KEYCHAIN_TIMEOUT'), true]);
    expect(existsSync(sealed())).toBe(false);
  });

  /** What came of it, and whether it took the time of a dialog and not that of an answer. */
  async function timed(
    args: readonly string[],
    session: SecretServiceSession,
    directory?: string,
  ): Promise<[unknown, boolean]> {
    const began = performance.now();
    const outcome = await runWorker(args, { ...session.environment, ...impatient }, directory);
    return [outcome, performance.now() - began > 1900];
  }
});
