import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { captureIo } from '../support/io.ts';
import { until } from './service.ts';

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
  });
  expect((statSync(place).mode & 0o777).toString(8)).toBe('700');
  const io = captureIo({ env: { ...env, HOME: runtime }, stdin: 'pw\n' });
  expect([await runCommand(kinit, ['alice'], io), io.stderr]).toEqual([0, '']);
  // The one that runs is as good as a new one.
  expect(await control('start', '--realm', 'A.TEST')).toEqual(started);
  expect((await control('status')).stdout).toMatch(/^KDC \d+ of A\.TEST listens on 127\.0\.0\.1 port \d+\n$/);
  expect(await control('status', '--realm', 'B.TEST')).toMatchObject({ status: 1, stdout: '' });
  expect(await control('stop', '--realm', 'A.TEST')).toEqual({
    status: 0,
    stdout: 'The KDC of A.TEST has ended\n',
    stderr: '',
  });
  expect(existsSync(place)).toBe(false);
  expect(await control('stop', '--realm', 'A.TEST')).toMatchObject({
    status: 1,
    stderr: 'krb5kit kdc stop: no KDC runs\n',
  });
}, 60_000);

it('one that is killed leaves nothing', async () => {
  await control('start', '--user', 'alice:pw');
  const pid = Number(/^KDC (\d+)/.exec((await control('status')).stdout)![1]);
  process.kill(pid, 'SIGKILL');
  await until(() => (readdirSync(join(runtime, 'krb5kit/kdc')).length === 0 ? true : undefined));
  expect(await control('status')).toMatchObject({ status: 1 });
}, 60_000);

it('one that cannot start says why', async () => {
  await control('start', '--realm', 'A.TEST');
  const port = /port (\d+)/.exec((await control('status')).stdout)![1]!;
  expect(await control('start', '--realm', 'B.TEST', '--port', port)).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^krb5kit kdc start: The KDC did not start: .*Address already in use/),
  });
  expect(await control('start', '--trouble', 'no-such')).toMatchObject({ status: 2 });
}, 60_000);

it('kdc run that is killed leaves nothing', async () => {
  const temporary = join(runtime, 'tmp');
  const keys = join(runtime, 'keys');
  const ready = join(runtime, 'ready');
  mkdirSync(temporary);
  const child = spawn(
    program[0],
    [
      program[1],
      'kdc',
      'run',
      '--service',
      'host/x',
      '--keytab',
      keys,
      'sh',
      '-c',
      `echo $$ > ${ready}; exec sleep 60`,
    ],
    { env: { ...process.env, TMPDIR: temporary }, stdio: 'ignore' },
  );
  const pid = await until(() => (existsSync(ready) && Number(readFileSync(ready, 'utf8'))) || undefined);
  try {
    expect([readdirSync(temporary).length, existsSync(keys)]).toEqual([1, true]);
    child.kill('SIGKILL');
    await until(() => (readdirSync(temporary).length === 0 && !existsSync(keys) ? true : undefined));
  } finally {
    process.kill(pid, 'SIGKILL');
  }
}, 60_000);
