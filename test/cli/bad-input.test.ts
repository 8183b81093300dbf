import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { captureIo } from '../support/io.ts';
import { findProgram } from '../support/peers.ts';
import { type Background, startCommand } from './service.ts';

// What a crash, a bad disk or somebody else may have left where a cache or a keytab should be.

let folder: string;
let realm: Background;
let goodCache: Buffer;
let loggedIn: Buffer;
let goodKeytab: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const files = ['--krb5-conf', join(folder, 'krb5.conf'), '--keytab', join(folder, 'keytab')];
  const principals = ['--user', 'alice:pw', '--service', 'host/localhost'];
  realm = await startCommand(kdc, [...files, ...principals], { env: { HOME: folder }, ready: /ready on/ });
  const cache = join(folder, 'good');
  expect(await run(kinit, cache, ['alice'])).toMatchObject({ status: 0 });
  loggedIn = readFileSync(cache);
  expect(await run(kvno, cache, ['host/localhost'])).toMatchObject({ status: 0 });
  goodCache = readFileSync(cache);
  goodKeytab = readFileSync(join(folder, 'keytab'));
});

afterAll(async () => {
  realm.io.stop();
  await realm.ended;
  rmSync(folder, { recursive: true });
});

/** Runs a command whose default cache is that file; the password is on its standard input. */
async function run(command: Command, cache: string, argv: readonly string[]) {
  const env = {
    HOME: folder,
    KRB5KIT_HOME: join(folder, 'data'),
    KRB5_CONFIG: join(folder, 'krb5.conf'),
    KRB5CCNAME: `FILE:${cache}`,
    KRB5_KTNAME: join(folder, 'keytab'),
    LC_ALL: 'C',
  };
  const io = captureIo({ env, stdin: 'pw\n' });
  const status = await runCommand(command, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** Either it did what it should, or it says in one line why not. */
function expectManners(name: string, { status, stderr }: { status: number; stderr: string }): void {
  if (status === 0 && stderr === '') return;
  expect(status).toBe(1);
  expect(stderr).toMatch(new RegExp(`^${name}: [^\\n]+\\n$`));
  expect(stderr).not.toMatch(/Internal error|undefined|NaN/);
}

/** The bytes cut off at every length. */
function cuts(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
}

/** The bytes with one bit flipped, in every byte another. */
function flips(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (byte, i) => {
    const flipped = Buffer.from(bytes);
    flipped[i] = byte ^ (1 << ((i * 5) & 7));
    return flipped;
  });
}

describe.each([
  ['cut off anywhere', cuts],
  ['with one bit flipped', flips],
])('a cache %s', (_, damage) => {
  it('is listed as far as it goes, or refused in one line, and left as it is', async () => {
    const cache = join(folder, 'damaged');
    for (const [i, bytes] of damage(goodCache).entries()) {
      if (i % 4 !== 0) continue;
      writeFileSync(cache, bytes);
      expectManners('klist', await run(klist, cache, ['-ef']));
      expect(readFileSync(cache)).toEqual(bytes);
    }
  });

  it('gives kvno its tickets, or is refused in one line', async () => {
    const cache = join(folder, 'damaged');
    for (const [i, bytes] of damage(goodCache).entries()) {
      if (i % 5 !== 0) continue;
      writeFileSync(cache, bytes);
      expectManners('kvno', await run(kvno, cache, ['--cached-only', 'host/localhost']));
      expect(readFileSync(cache)).toEqual(bytes);
    }
  });

  it('is replaced by kinit and removed by kdestroy', async () => {
    const cache = join(folder, 'damaged');
    for (const [i, bytes] of damage(goodCache).entries()) {
      if (i % 97 !== 0) continue;
      writeFileSync(cache, bytes);
      expect(await run(kinit, cache, ['alice'])).toMatchObject({ status: 0, stderr: '' });
      writeFileSync(cache, bytes);
      expect(await run(kdestroy, cache, [])).toMatchObject({ status: 0, stderr: '' });
      expect(existsSync(cache)).toBe(false);
    }
  });
});

describe.each([
  ['cut off anywhere', cuts],
  ['with one bit flipped', flips],
])('a keytab %s', (_, damage) => {
  it('is listed as far as it goes, or refused in one line', async () => {
    const keytab = join(folder, 'damaged.keytab');
    for (const bytes of damage(goodKeytab)) {
      writeFileSync(keytab, bytes);
      expectManners('klist', await run(klist, 'none', ['-kteK', keytab]));
    }
  });

  it('logs in, or is refused in one line with the old cache intact', async () => {
    const keytab = join(folder, 'damaged.keytab');
    const cache = join(folder, 'kept');
    let refused = 0;
    for (const [i, bytes] of damage(goodKeytab).entries()) {
      if (i % 4 !== 0) continue;
      writeFileSync(keytab, bytes);
      writeFileSync(cache, goodCache);
      const outcome = await run(kinit, cache, ['-k', '-t', keytab, 'host/localhost']);
      expectManners('kinit', outcome);
      if (outcome.status === 0) continue;
      refused++;
      expect(readFileSync(cache)).toEqual(goodCache);
    }
    expect(refused).toBeGreaterThan(10);
  });
});

describe('where a cache should be', () => {
  it('a symlink is replaced by kinit, and what it names is left alone', async () => {
    const precious = join(folder, 'precious');
    const link = join(folder, 'link');
    writeFileSync(precious, 'precious', { mode: 0o644 });
    symlinkSync(precious, link);
    expect(await run(kinit, link, ['alice'])).toMatchObject({ status: 0, stderr: '' });
    expect(lstatSync(link).isFile()).toBe(true);
    expect(lstatSync(link).mode & 0o777).toBe(0o600);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
  });

  it('a symlink is not destroyed with what it names', async () => {
    const target = join(folder, 'target');
    const link = join(folder, 'link-to-target');
    writeFileSync(target, goodCache);
    symlinkSync(target, link);
    expect(await run(kdestroy, link, [])).toMatchObject({ status: 1 });
    expect(readFileSync(target)).toEqual(goodCache);
  });

  it.each([
    ['a symlink to nothing', (path: string) => symlinkSync('/nonexistent/cc', path), 0],
    ['a symlink to itself', (path: string) => symlinkSync(path, path), 1],
    ['a symlink to a device', (path: string) => symlinkSync('/dev/zero', path), 1],
    ['a directory', (path: string) => mkdirSync(path), 1],
    ['a pipe', (path: string) => spawnSync('mkfifo', [path]), 1],
  ])('%s is refused in one line', async (name, make, kinitStatus) => {
    const path = join(folder, `odd-${name.replaceAll(' ', '-')}`);
    make(path);
    for (const [command, argv] of [
      [klist, []],
      [kvno, ['host/localhost']],
    ] as const) {
      const outcome = await run(command, path, argv);
      expectManners(command.name, outcome);
      expect(outcome.status).toBe(1);
    }
    const outcome = await run(kinit, path, ['alice']);
    expectManners('kinit', outcome);
    expect(outcome.status).toBe(kinitStatus);
  });

  it('there is no directory', async () => {
    const path = join(folder, 'nowhere/cc');
    const { status, stderr } = await run(kinit, path, ['alice']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^kinit: [^\n]*No credentials cache found[^\n]*\n$/);
  });
});

const isRoot = process.geteuid?.() === 0;
if (isRoot) console.warn('skipped, a directory without write permission: root may write anywhere');

it.skipIf(isRoot)(
  'a directory that may not be written is a reason to fail, with the old cache intact',
  async () => {
    const directory = join(folder, 'closed');
    mkdirSync(directory);
    const cache = join(directory, 'cc');
    writeFileSync(cache, loggedIn, { mode: 0o600 });
    chmodSync(directory, 0o500);
    await expectIntact(cache, 'Credentials cache permissions incorrect');
    chmodSync(directory, 0o700);
  },
);

/** A file system of its own; undefined where it cannot be mounted. */
function mount(options: string): string | undefined {
  const program = findProgram('mount');
  if (!isRoot || program === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-mount-'));
  const { status } = spawnSync(program, ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  if (status === 0) return directory;
  rmSync(directory, { recursive: true });
  return undefined;
}

function unmount(directory: string): void {
  spawnSync(findProgram('umount')!, [directory]);
  rmSync(directory, { recursive: true });
}

describe('a disk', () => {
  it('that is full leaves the old cache as it was', async context => {
    const directory = mount('size=64k');
    if (directory === undefined) return context.skip('a file system cannot be mounted here; root can');
    try {
      const cache = join(directory, 'cc');
      writeFileSync(cache, loggedIn);
      fill(join(directory, 'rest'));
      await expectIntact(cache, 'No space left for the credentials cache');
      expect(readdirSync(directory).sort()).toEqual(['cc', 'rest']);
    } finally {
      unmount(directory);
    }
  });

  it('that is read-only leaves the old cache as it was', async context => {
    const directory = mount('size=64k');
    if (directory === undefined) return context.skip('a file system cannot be mounted here; root can');
    try {
      const cache = join(directory, 'cc');
      writeFileSync(cache, loggedIn);
      spawnSync(findProgram('mount')!, ['-o', 'remount,ro', directory]);
      await expectIntact(cache, 'Credentials cache permissions incorrect');
      expect(await run(kdestroy, cache, [])).toMatchObject({ status: 1 });
      expect(readFileSync(cache)).toEqual(loggedIn);
    } finally {
      unmount(directory);
    }
  });

  /** Writes until nothing more fits. */
  function fill(path: string): void {
    expect(() => writeFileSync(path, Buffer.alloc(1 << 20))).toThrow('ENOSPC');
  }
});

/** A login cannot be stored and fails; a service ticket serves all the same, as with the native library. */
async function expectIntact(cache: string, sentence: string): Promise<void> {
  const login = await run(kinit, cache, ['alice']);
  expect(login.status).toBe(1);
  expect(login.stderr).toMatch(new RegExp(`^kinit: [^\\n]*${sentence}[^\\n]*\\n$`));
  expect(readFileSync(cache)).toEqual(loggedIn);
  const { status, stdout, stderr } = await run(kvno, cache, ['host/localhost']);
  expect([status, stdout]).toEqual([0, 'host/localhost@KRB5KIT.TEST: kvno = 1\n']);
  expect(stderr).toMatch(
    new RegExp(`^kvno: warning: the ticket was not stored: [^\\n]*${sentence}[^\\n]*\\n$`),
  );
  expect(readFileSync(cache)).toEqual(loggedIn);
}
