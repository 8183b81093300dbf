import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { fileReplayCache } from '../../src/ap/replay-file.ts';
import { describeOurselves } from '../../src/ccache/lock/holder.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { keytab, later, makeCredential, NOW } from './made-up.ts';

const REPEAT = expect.objectContaining({ errorCode: 34 });
const UNUSABLE = expect.objectContaining({ errorCode: 60 });
const RECORD = 16;

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replay-'));
  path = join(dir, 'rcache2');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the replay cache in a file', () => {
  it('knows an authenticator again after a restart of the service', async () => {
    const { apReq } = createApReq(makeCredential(), { now: () => NOW });
    const accept = () => acceptApReq(apReq, { keytab, now: () => NOW, replayCache: fileReplayCache(path) });
    await accept();
    await expect(accept()).rejects.toThrow(REPEAT);
  });

  it('belongs to its owner alone and leaves no lock behind', () => {
    fileReplayCache(path).check(randomBytes(12), NOW, NOW);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['rcache2']);
  });

  it('knows each of more than its first table holds', () => {
    const cache = fileReplayCache(path);
    const tags = Array.from({ length: 2000 }, (_, i) => createHash('sha256').update(`${i}`).digest());
    for (const tag of tags) cache.check(tag, NOW, NOW);
    for (const tag of tags) expect(() => cache.check(tag, NOW, NOW)).toThrow(REPEAT);
    expect(statSync(path).size).toBeGreaterThan(16 + 1023 * RECORD);
  });

  it('is not made with a clock skew that is not a number', () => {
    expect(() => fileReplayCache(path, { clockskew: Number.NaN })).toThrow(TypeError);
  });

  it('keeps an authenticator until the skew has passed, counted from the later of the two clocks', () => {
    const cache = fileReplayCache(path, { clockskew: 300 });
    cache.check(randomBytes(12), later(200), NOW);
    expect(times()).toEqual([secondsOf(later(200))]);
    cache.check(randomBytes(12), later(-200), later(1));
    expect(times()).toContain(secondsOf(later(1)));
  });

  it('does not grow where old authenticators can give way', () => {
    const cache = fileReplayCache(path, { clockskew: 300 });
    for (let i = 0; i < 1000; i++) cache.check(randomBytes(12), NOW, NOW);
    for (let i = 0; i < 3000; i++)
      cache.check(randomBytes(12), later(301 * (1 + (i >> 9))), later(301 * (1 + (i >> 9))));
    expect(statSync(path).size).toBeLessThan(16 + (1023 + 2048 + 4096) * RECORD);
  });

  it('takes one of several processes that are shown the same authenticator', async () => {
    const program = `
      import { fileReplayCache } from ${JSON.stringify(join(import.meta.dirname, '../../src/ap/replay-file.ts'))};
      const cache = fileReplayCache(process.argv[2]);
      let taken = 0;
      for (let i = 0; i < 200; i++) {
        const tag = Buffer.alloc(12, i);
        try { cache.check(tag, new Date(), new Date()); taken++; } catch (error) { if (error.errorCode !== 34) throw error; }
      }
      console.log(taken);`;
    const built = join(dir, 'racer.mjs');
    const { build } = await import('esbuild');
    await build({
      stdin: { contents: program, resolveDir: import.meta.dirname, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: built,
    });
    const taken = await Promise.all([1, 2, 3].map(() => outputOf(built)));
    expect(taken.reduce((sum, text) => sum + Number(text), 0)).toBe(200);
    expect(readdirSync(dir).sort()).toEqual(['racer.mjs', 'rcache2']);
  });

  it('takes over the lock of a process that was killed', () => {
    writeFileSync(`${path}.lock`, `999999999 1 ${'nowhere'} abc`);
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(`${path}.lock`, past, past);
    fileReplayCache(path).check(randomBytes(12), NOW, NOW);
    expect(readdirSync(dir)).toEqual(['rcache2']);
  });
});

describe('the lock of a replay cache', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.skipIf(process.geteuid === undefined)('is not waited for if it is another user’s', () => {
    writeFileSync(`${path}.lock`, describeOurselves());
    vi.spyOn(process, 'geteuid').mockReturnValue(statSync(dir).uid + 1);
    expect(() => fileReplayCache(path).check(randomBytes(12), NOW, NOW)).toThrow(
      expect.objectContaining({
        errorCode: 60,
        cause: expect.objectContaining({ message: `${path}.lock is not a file of ours` }),
      }),
    );
    expect(readdirSync(dir)).toEqual(['rcache2.lock']);
  });
});

describe('the lock of a replay cache that is used often', () => {
  const often = 40;
  const useOften = () => {
    const cache = fileReplayCache(path);
    for (let i = 0; i < often; i++) cache.check(randomBytes(12), NOW, NOW);
    return cache;
  };
  const seals = () => readdirSync(dir).filter(name => name.startsWith('rcache2.seal.'));

  it('is a link to one file that stays', () => {
    const cache = useOften();
    const { ino } = statSync(join(dir, seals()[0]!));
    for (let i = 0; i < often; i++) cache.check(randomBytes(12), NOW, NOW);
    useOften();
    expect(readdirSync(dir)).toEqual(['rcache2', seals()[0]]);
    expect(statSync(join(dir, seals()[0]!))).toMatchObject({ ino, nlink: 1 });
  });

  it('is taken by others when its holder was killed', () => {
    const [dead, past] = ['999999999 1 nowhere abc', new Date(Date.now() - 3_600_000)];
    writeFileSync(`${path}.seal.abc`, dead);
    utimesSync(`${path}.seal.abc`, past, past);
    useOften();
    expect(seals()).not.toContain('rcache2.seal.abc');
    writeFileSync(`${path}.lock`, dead);
    utimesSync(`${path}.lock`, past, past);
    fileReplayCache(path).check(randomBytes(12), NOW, NOW);
    expect(readdirSync(dir)).toEqual(['rcache2', ...seals()]);
  });

  it('is that of a killed holder also for one who links it', () => {
    const cache = useOften();
    writeFileSync(`${path}.lock`, '999999999 1 nowhere abc');
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(`${path}.lock`, past, past);
    cache.check(randomBytes(12), NOW, NOW);
    expect(readdirSync(dir)).toEqual(['rcache2', ...seals()]);
  });

  it('is a file again if somebody takes away what it was linked to', () => {
    const cache = useOften();
    for (const name of seals()) rmSync(join(dir, name));
    const tag = randomBytes(12);
    cache.check(tag, NOW, NOW);
    expect(() => cache.check(tag, NOW, NOW)).toThrow(REPEAT);
    expect(readdirSync(dir)).toEqual(['rcache2']);
  });
});

describe('a replay cache that is not as it should be', () => {
  it('is used for no service if it is a link', () => {
    writeFileSync(join(dir, 'other'), 'precious');
    symlinkSync(join(dir, 'other'), path);
    expect(() => fileReplayCache(path).check(randomBytes(12), NOW, NOW)).toThrow(UNUSABLE);
    expect(readFileSync(join(dir, 'other'), 'utf8')).toBe('precious');
  });

  it('is used for no service if it cannot be made', () => {
    expect(() => fileReplayCache(join(dir, 'none', 'x')).check(randomBytes(12), NOW, NOW)).toThrow(UNUSABLE);
  });

  it.each([0, 1, 15, 16, 17, 31, 40])('works on if it was cut to %i bytes', size => {
    writeFileSync(path, randomBytes(size));
    const cache = fileReplayCache(path);
    const tag = randomBytes(12);
    cache.check(tag, NOW, NOW);
    expect(() => cache.check(tag, NOW, NOW)).toThrow(REPEAT);
  });
});

/** The times of all records that were written. */
function times(): number[] {
  const bytes = readFileSync(path);
  const found: number[] = [];
  for (let at = 16; at + RECORD <= bytes.length; at += RECORD) {
    const time = bytes.readUInt32BE(at + 12);
    if (time !== 0) found.push(time);
  }
  return found;
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function outputOf(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', piece => {
      text += piece;
    });
    child.once('error', reject);
    child.once('close', () => resolve(text.trim()));
  });
}
