import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fileType } from '../../src/ccache/file.ts';
import { describeOurselves } from '../../src/ccache/lock/holder.ts';
import { withLock } from '../../src/ccache/lock.ts';
import { environment, scratch } from './samples.ts';
import { contents } from './tickets.ts';

let built: string;
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  buildSync({
    entryPoints: [join(import.meta.dirname, 'lock-worker.ts')],
    outfile: join(built, 'worker.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rmSync(built, { recursive: true }));

function work(...args: readonly string[]): ChildProcess {
  const worker = spawn(process.execPath, [join(built, 'worker.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    worker.kill('SIGKILL');
  });
  return worker;
}

async function statuses(workers: readonly ChildProcess[]): Promise<readonly unknown[]> {
  const ends = await Promise.all(workers.map(worker => once(worker, 'exit')));
  return ends.map(([status]) => status);
}

/** A worker that holds the lock on `path` until it is killed. */
async function holder(path: string, data: string): Promise<ChildProcess> {
  const worker = work('hang', path, data);
  await once(worker.stdout!, 'data');
  return worker;
}

/** Where the lock on `subject` is while somebody holds it. */
function lockFile(data: string, subject: string): Promise<string> {
  const locks = join(data, 'locks');
  return withLock(data, subject, async () => join(locks, readdirSync(locks)[0]!));
}

const zeros = (count: number) => new Array(count).fill(0);

describe('withLock', () => {
  it('returns what the work returns and leaves no lock behind, even if the work fails', async () => {
    const data = join(scratch(), 'a', 'data');
    expect(await withLock(data, 'x', async () => 7)).toBe(7);
    await expect(withLock(data, 'x', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
    expect(statSync(join(data, 'locks')).mode & 0o777).toBe(0o700);
  });

  it('lets one at a time work on a subject, in one process as well', async () => {
    const data = scratch();
    let working = 0;
    const one = () =>
      withLock(data, 'x', async () => {
        expect(++working).toBe(1);
        await new Promise(resolve => setTimeout(resolve, 1));
        working--;
      });
    await Promise.all([one(), one(), one(), one(), one()]);
  });

  it('lets others work on other subjects', async () => {
    const data = scratch();
    await withLock(data, 'x', () =>
      withLock(data, 'y', async () => expect(readdirSync(join(data, 'locks'))).toHaveLength(2)),
    );
  });

  it('gives up after the time it was given', async () => {
    const data = scratch();
    const inner = () => withLock(data, '/tmp/cc', async () => 1, { timeout: 0.05 });
    await expect(withLock(data, '/tmp/cc', inner)).rejects.toEqual(
      expect.objectContaining({ name: 'CcacheError', code: 'CACHE_BUSY', cache: '/tmp/cc' }),
    );
  });

  it('goes on without a lock where no directory for locks can be made', async () => {
    const directory = scratch();
    writeFileSync(join(directory, 'data'), '');
    expect(await withLock(join(directory, 'data'), 'x', async () => 7)).toBe(7);
  });

  it('takes over from a holder that never wrote its name', async () => {
    const data = scratch();
    const lock = await lockFile(data, 'x');
    writeFileSync(lock, '');
    const soon = withLock(data, 'x', async () => 1, { timeout: 0.05 });
    await expect(soon).rejects.toEqual(expect.objectContaining({ code: 'CACHE_BUSY' }));
    utimesSync(lock, new Date(), new Date(Date.now() - 3000));
    expect(await withLock(data, 'x', async () => 1)).toBe(1);
  });

  it('takes over from one on another host only after minutes', async () => {
    const data = scratch();
    const lock = await lockFile(data, 'x');
    writeFileSync(lock, describeOurselves().replace(/ \S+ (\S+)$/, ' elsewhere/ $1'));
    const soon = withLock(data, 'x', async () => 1, { timeout: 0.05 });
    await expect(soon).rejects.toEqual(expect.objectContaining({ code: 'CACHE_BUSY' }));
    utimesSync(lock, new Date(), new Date(Date.now() - 300_000));
    expect(await withLock(data, 'x', async () => 1)).toBe(1);
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'finds its way through claims whose owners were killed, too',
    async () => {
      const data = scratch();
      const dead = (token: string) =>
        describeOurselves()
          .replace(/^(\d+) \d*/, '$1 1')
          .replace(/\S+$/, token);
      const lock = await lockFile(data, 'x');
      writeFileSync(lock, dead('one'));
      writeFileSync(`${lock}.one`, dead('two'));
      writeFileSync(`${lock}.one.two`, dead('three'));
      expect(await withLock(data, 'x', async () => 1)).toBe(1);
      expect(readdirSync(join(data, 'locks'))).toEqual([]);
    },
  );
});

describe('many processes', { timeout: 30_000 }, () => {
  it('lose no ticket of each other', async () => {
    const directory = scratch();
    const path = join(directory, 'cc');
    const { dataDirectory } = environment(directory);
    const cache = fileType.resolve(path, environment(directory));
    await cache.initialize(contents);
    const workers = zeros(20).map((_, i) => work('store', path, dataDirectory, String(i)));
    expect(await statuses(workers)).toEqual(zeros(20));
    const { credentials } = await cache.load();
    const hosts = credentials.filter(({ server }) => server.components[0] === 'host');
    expect(new Set(hosts.map(({ server }) => server.components[1])).size).toBe(20);
    expect(credentials).toHaveLength(21);
  });

  it('never work at the same time, not even those who find a lock whose holder was killed', async () => {
    const directory = scratch();
    const path = join(directory, 'count');
    writeFileSync(path, '0');
    const first = await holder(path, directory);
    const others = zeros(12).map(() => work('count', path, directory, '5'));
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(readFileSync(path, 'utf8')).toBe('0');
    first.kill('SIGKILL');
    expect(await statuses(others)).toEqual(zeros(12));
    expect(readFileSync(path, 'utf8')).toBe('60');
    expect(readdirSync(join(directory, 'locks'))).toEqual([]);
  });

  it('go on when one after the other is killed within the lock', async () => {
    const directory = scratch();
    for (let i = 0; i < 3; i++) {
      const killed = await holder('x', directory);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      expect(readdirSync(join(directory, 'locks'))).toHaveLength(1);
    }
    expect(await withLock(directory, 'x', async () => 7, { timeout: 1 })).toBe(7);
    expect(existsSync(join(directory, 'locks'))).toBe(true);
  });
});
