import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { startOf } from '../../src/cli/session/process.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { until } from '../support/until.ts';

const program = [process.execPath, resolve('bin/krb5kit')] as const;
let runtime: string;

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});

afterEach(async () => {
  for (const [, realm] of (await control('status')).stdout.matchAll(/ of (\S+) listens/g)) {
    await control('stop', '--realm', realm!);
  }
  rmSync(runtime, { recursive: true });
});

async function control(...argv: readonly string[]) {
  const env = { XDG_RUNTIME_DIR: runtime, HOME: runtime, PATH: process.env.PATH };
  const io = captureIo({ env, program, pid: process.pid, cwd: runtime });
  const status = await runCommand(kdc, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** What a shell is told. */
function exportsIn(lines: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...lines.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
  );
}

it('a KDC in the background is there until it is stopped', async () => {
  const started = await control('start', '--realm', 'A.TEST', '--user', 'alice:pw', '--service', 'host/x');
  expect(started).toMatchObject({ status: 0, stderr: '' });
  const env = exportsIn(started.stdout);
  const place = join(runtime, 'krb5kit/kdc/A%2ETEST');
  expect(env).toEqual({
    KRB5_CONFIG: join(place, 'krb5.conf'),
    KRB5_KTNAME: `FILE:${join(place, 'service.keytab')}`,
    KRB5CCNAME: `FILE:${join(place, 'ccache')}`,
    KRB5KIT_REALM: 'A.TEST',
    KRB5KIT_TROUBLE: join(place, 'trouble'),
  });
  expect((statSync(place).mode & 0o777).toString(8)).toBe('700');
  const io = captureIo({ env: { ...env, HOME: runtime }, stdin: 'pw\n' });
  expect([await runCommand(kinit, ['alice'], io), io.stderr]).toEqual([0, '']);
  // The one that runs is as good as a new one.
  expect(await control('start', '--realm', 'A.TEST')).toEqual(started);
  expect(await control('start', '--realm', 'A.TEST', '--user', 'bob:pw')).toEqual({
    ...started,
    stderr: 'krb5kit kdc start: the KDC of A.TEST runs already, as it was started\n',
  });
  expect((await control('status')).stdout).toMatch(/^KDC \d+ of A\.TEST listens on 127\.0\.0\.1 port \d+\n$/);
  expect(outputOf('kdcStatus', (await control('status', '--json')).stdout)).toMatchObject({
    kdcs: [{ realm: 'A.TEST', host: '127.0.0.1', kkdcpUrl: null }],
  });
  expect(await control('status', '--realm', 'B.TEST')).toMatchObject({ status: 1, stdout: '' });
  expect(await control('stop')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'krb5kit kdc stop: no KDC of KRB5KIT.TEST runs, but that of A.TEST does\n',
  });
  expect(await control('stop', '--realm', 'A.TEST')).toEqual({
    status: 0,
    stdout: 'The KDC of A.TEST has ended\n',
    stderr: '',
  });
  expect(existsSync(place)).toBe(false);
  expect(await control('stop', '--realm', 'A.TEST')).toMatchObject({
    status: 1,
    stderr: 'krb5kit kdc stop: no KDC of A.TEST runs\n',
  });
}, 60_000);

it('one that is killed leaves nothing', async () => {
  await control('start', '--user', 'alice:pw');
  const pid = Number(/^KDC (\d+)/.exec((await control('status')).stdout)![1]);
  process.kill(pid, 'SIGKILL');
  await until(() => (readdirSync(join(runtime, 'krb5kit/kdc')).length === 0 ? true : undefined));
  expect(await control('status')).toMatchObject({ status: 1 });
}, 60_000);

it('one whose directory is removed ends, and leaves that of a successor alone, also while that one starts', async () => {
  await control('start', '--user', 'alice:pw');
  const pid = Number(/^KDC (\d+)/.exec((await control('status')).stdout)![1]);
  const place = join(runtime, 'krb5kit/kdc/KRB5KIT%2ETEST');
  rmSync(place, { recursive: true });
  mkdirSync(place, { mode: 0o700 });
  writeFileSync(join(place, 'log'), '');
  await until(() => startOf(pid) === undefined);
  expect(readdirSync(place)).toEqual(['log']);
  const { stdout } = await control('start', '--user', 'alice:pw');
  expect(existsSync(exportsIn(stdout).KRB5_CONFIG!)).toBe(true);
  expect((await control('status')).status).toBe(0);
}, 60_000);

it('one may be described by a pipe, of which nothing remains', async () => {
  const script = `echo '{"realm":"PIPE.TEST","users":[{"name":"alice","password":"pw"}]}' |
    "$0" "$1" kdc start --principals /dev/stdin`;
  const shell = { XDG_RUNTIME_DIR: runtime, HOME: runtime, PATH: process.env.PATH };
  const env = exportsIn(execFileSync('sh', ['-c', script, ...program], { env: shell, encoding: 'utf8' }));
  const io = captureIo({ env: { ...env, HOME: runtime }, stdin: 'pw\n' });
  expect([await runCommand(kinit, ['alice'], io), io.stderr]).toEqual([0, '']);
  expect(readdirSync(join(runtime, 'krb5kit/kdc/PIPE%2ETEST')).sort()).toEqual(
    ['ccache', 'kdc.json', 'krb5.conf', 'log', 'service.keytab', 'trouble'].sort(),
  );
}, 60_000);

it('one that trouble has ended leaves its realm behind, where no KDC answers, until it is stopped', async () => {
  const env = exportsIn((await control('start', '--user', 'alice:pw', '--trouble', 'die-after=1')).stdout);
  for (let i = 0; i < 2; i++) {
    const io = captureIo({ env: { ...env, HOME: runtime }, stdin: 'pw\n' });
    expect([await runCommand(kinit, ['alice'], io), io.stderr]).toEqual([
      1,
      expect.stringContaining("Cannot contact any KDC for realm 'KRB5KIT.TEST'"),
    ]);
  }
  expect(await control('stop')).toMatchObject({ status: 0 });
  expect(readdirSync(join(runtime, 'krb5kit/kdc'))).toEqual([]);
}, 60_000);

it.skipIf(!existsSync('/proc/self'))(
  'of a realm there is one, however many start it at once',
  async () => {
    const env = { XDG_RUNTIME_DIR: runtime, HOME: runtime, PATH: process.env.PATH };
    const starts = Array.from({ length: 4 }, async () => {
      const child = spawn(program[0], [program[1], 'kdc', 'start', '--realm', 'A.TEST'], {
        env,
        stdio: 'ignore',
      });
      return new Promise(ended => child.once('exit', ended));
    });
    expect(await Promise.all(starts)).toEqual([0, 0, 0, 0]);
    const { kdcs } = outputOf('kdcStatus', (await control('status', '--json')).stdout);
    expect(processesWith(`--directory=${join(runtime, 'krb5kit')}`)).toEqual(
      kdcs.map(({ pid }: { pid: number }) => pid),
    );
  },
  60_000,
);

it('one that cannot start says why', async () => {
  await control('start', '--realm', 'A.TEST');
  const port = /port (\d+)/.exec((await control('status')).stdout)![1]!;
  expect(await control('start', '--realm', 'B.TEST', '--port', port)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^krb5kit kdc start: The KDC did not start: .*Address already in use/),
  });
  expect(readdirSync(join(runtime, 'krb5kit/kdc'))).toEqual(['A%2ETEST']);
  expect(await control('start', '--trouble', 'no-such')).toMatchObject({ status: 2 });
}, 60_000);

/** The numbers of the processes that were started with an argument that begins like this, where Linux tells. */
function processesWith(argument: string): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && argumentsOf(name).some(each => each.startsWith(argument)))
    .map(Number);
}

function argumentsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Whether a process is there that has not ended. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self') || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

it.each([
  ['its command', 'exec sleep 60'],
  ['a command that takes no notice', 'trap "" HUP TERM; while :; do sleep 0.1; done'],
])(
  'kdc run that is killed leaves nothing, not even %s',
  async (_, script) => {
    const temporary = join(runtime, 'tmp');
    const keys = join(runtime, 'keys');
    const ready = join(runtime, 'ready');
    mkdirSync(temporary);
    // Whoever is killed at once may not have told of it yet.
    const command = ['sh', '-c', `sleep 1; echo $$ > ${ready}; ${script}`];
    const child = spawn(
      program[0],
      [program[1], 'kdc', 'run', '--service', 'host/x', '--keytab', keys, ...command],
      { env: { ...process.env, TMPDIR: temporary }, stdio: 'ignore' },
    );
    const pid = await until(() => (existsSync(ready) && Number(readFileSync(ready, 'utf8'))) || undefined);
    try {
      expect([readdirSync(temporary).length, existsSync(keys), lives(pid)]).toEqual([1, true, true]);
      child.kill('SIGKILL');
      await until(() => (readdirSync(temporary).length === 0 && !existsSync(keys) ? true : undefined));
      await until(() => (lives(pid) ? undefined : true));
    } finally {
      if (lives(pid)) process.kill(pid, 'SIGKILL');
    }
  },
  60_000,
);

it('a database may be served in the background', async () => {
  const file = join(runtime, 'principals.db');
  const io = captureIo({ env: { HOME: runtime }, stdin: 'pw\n', cwd: runtime });
  expect(await runCommand(kdc, ['init', '-d', file, 'DURABLE.TEST'], io)).toBe(0);
  const adding = captureIo({ env: { HOME: runtime }, stdin: 'pw\n', cwd: runtime });
  expect([await runCommand(kdc, ['add', '-d', file, 'alice'], adding), adding.stderr]).toEqual([0, '']);
  const started = await control('start', '--database', file);
  expect(started).toMatchObject({ status: 0, stderr: '' });
  const env = exportsIn(started.stdout);
  expect(env.KRB5KIT_REALM).toBe('DURABLE.TEST');
  const client = captureIo({ env: { ...env, HOME: runtime }, stdin: 'pw\n' });
  expect([await runCommand(kinit, ['alice'], client), client.stderr]).toEqual([0, '']);
  expect(await control('stop', '--realm', 'DURABLE.TEST')).toMatchObject({ status: 0 });
  expect(await control('start', '--database', file, '--user', 'bob:pw')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('--database does not go with --user'),
  });
  expect(await control('start', '--database', join(runtime, 'none.db'))).toMatchObject({ status: 1 });
}, 60_000);

it('a KDC serves though nobody reads what it prints', async () => {
  const conf = join(runtime, 'krb5.conf');
  const argv = [...program.slice(1), 'kdc', '--user', 'alice:pw', '--krb5-conf', conf];
  // The parent is Node, so this is a socket; a pipe has a test of its own.
  const child = spawn(program[0], argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await until(() => existsSync(conf) && readFileSync(conf, 'utf8') !== '');
    const env = { HOME: runtime, KRB5_CONFIG: conf, KRB5CCNAME: 'MEMORY:' };
    for (let i = 0; i < 150; i++) {
      const io = captureIo({ env, stdin: 'pw\n' });
      expect([await runCommand(kinit, ['alice'], io), io.stderr]).toEqual([0, '']);
    }
  } finally {
    child.kill();
  }
  expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0);
}, 60_000);
