import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { logout } from '../../src/cli/logout.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { isRunning, ourPlace, startOf } from '../../src/cli/session/process.ts';
import { readSession, type SessionRecord, writeSession } from '../../src/cli/session/registry.ts';
import { scratch } from '../ccache/samples.ts';
import { contents } from '../ccache/tickets.ts';
import { captureIo } from '../support/io.ts';
import { until } from '../support/until.ts';

let data: string;
let cache: string;
let shared: string;
/** Writes down how it is called. */
let program: string;
const shells: ChildProcess[] = [];

beforeEach(() => {
  const home = scratch();
  data = join(home, 'data');
  cache = join(home, 'cc');
  shared = join(home, 'tmp');
  program = join(home, 'krb5kit');
  writeFileSync(program, 'echo "$*" >>"$0.calls"\n');
  writeFileSync(cache, CcacheFile.encode(contents));
});
afterEach(() => {
  for (const child of shells.splice(0)) child.kill('SIGKILL');
});

function called(...argv: readonly string[]) {
  const env = { KRB5KIT_HOME: data, KRB5CCNAME: cache, KRB5_CONFIG: '/nonexistent', HOME: '/nonexistent' };
  const io = captureIo({ env, cacheDirectory: shared, pid: process.pid, program: ['/bin/sh', program] });
  return { io, status: runCommand(logout, argv, io) };
}

/** What has been started as a process of its own since the last time this was asked. */
function started(): string {
  const calls = `${program}.calls`;
  const text = existsSync(calls) ? readFileSync(calls, 'utf8') : '';
  rmSync(calls, { force: true });
  return text;
}

async function say(...argv: readonly string[]) {
  const { io, status } = called(...argv);
  return { status: await status, output: io.output };
}

/** A process that is as good as a shell. */
async function shell(): Promise<number> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  shells.push(child);
  await once(child, 'spawn');
  return child.pid!;
}

async function end(pid: number): Promise<void> {
  const child = shells.find(each => each.pid === pid)!;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const sessionFile = (pid: number) => join(data, 'sessions', String(pid));
const sessions = () => (existsSync(join(data, 'sessions')) ? readdirSync(join(data, 'sessions')) : []);

/** As a watcher of another shell has written it. */
function register(pid: number, more: Partial<SessionRecord> = {}): void {
  const [start, watcherStart] = [startOf(pid)!, startOf(process.pid)!];
  const record = { ...ourPlace(), state: 'watched', start, watcher: process.pid, watcherStart } as const;
  writeSession(data, pid, { ...record, ...more });
}

describe('krb5kit logout --watch', () => {
  it('waits until the shell is gone, whatever it is sent, and ends its session', async () => {
    const pid = await shell();
    const { io, status } = called('--watch', String(pid));
    await until(() => readSession(data, pid)?.state === 'watched');
    expect([statSync(sessionFile(pid)).mode & 0o777, statSync(join(data, 'sessions')).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT'] as const) io.stop(signal);
    await sleep(1200);
    expect(started()).toBe('');
    await end(pid);
    expect([await status, io.output, sessions()]).toEqual([0, '', []]);
    expect(started()).toBe(`logout --quiet --session ${pid}\n`);
  });

  it('does so at once where the shell is gone already', async () => {
    const pid = await shell();
    mkdirSync(join(data, 'sessions'), { recursive: true });
    writeFileSync(sessionFile(pid), '');
    await end(pid);
    expect(await say('--watch', String(pid))).toEqual({ status: 0, output: '' });
    expect([started(), sessions()]).toEqual([`logout --quiet --session ${pid}\n`, []]);
  });

  it('tries again where tickets could not be destroyed', async () => {
    writeFileSync(program, 'echo "$*" >>"$0.calls"; [ -e "$0.again" ] || { : >"$0.again"; exit 1; }\n');
    const pid = await shell();
    await end(pid);
    expect((await say('--watch', String(pid))).status).toBe(0);
    expect(started()).toBe(`logout --quiet --session ${pid}\n`.repeat(2));
  });

  it('leaves the shell to the one that watches it', async () => {
    const pid = await shell();
    register(pid);
    expect(await say('--watch', String(pid))).toEqual({ status: 0, output: '' });
    expect([started(), sessions()]).toEqual(['', [String(pid)]]);
  });

  it('takes over from one that was killed', async () => {
    const [pid, watcher] = [await shell(), await shell()];
    register(pid, { watcher, watcherStart: startOf(watcher)! });
    await end(watcher);
    const { status } = called('--watch', String(pid));
    await until(() => readSession(data, pid)?.watcher === process.pid);
    await end(pid);
    expect([await status, started()]).toEqual([0, `logout --quiet --session ${pid}\n`]);
  });

  it('has nothing left to do after a shell that has done it', async () => {
    const pid = await shell();
    const { status } = called('--watch', String(pid));
    await until(() => readSession(data, pid) !== undefined);
    expect((await say('--session', String(pid))).output).toMatch(/^Destroyed /);
    await end(pid);
    expect([await status, started(), sessions()]).toEqual([0, '', []]);
  });

  it('has nothing left to do once it is no longer arranged for', async () => {
    const pid = await shell();
    const { status } = called('--watch', String(pid));
    await until(() => readSession(data, pid) !== undefined);
    const home = scratch();
    const io = captureIo({ env: { HOME: home, KRB5KIT_HOME: data, PATH: home, SHELL: '/bin/sh' } });
    expect(await runCommand(logout, ['--uninstall'], io)).toBe(0);
    await end(pid);
    expect([await status, started(), sessions()]).toEqual([0, '', []]);
  });

  it('needs no directory that it could write into', async () => {
    writeFileSync(data, '');
    const pid = await shell();
    const { status } = called('--watch', String(pid));
    await end(pid);
    expect([await status, started()]).toEqual([0, `logout --quiet --session ${pid}\n`]);
  });
});

describe('krb5kit logout --session', () => {
  it('destroys the tickets with the last session, which then needs nobody', async () => {
    const pid = await shell();
    register(pid);
    expect(await say('--session', String(pid))).toEqual({
      status: 0,
      output: `Destroyed FILE:${cache} of alice@A.TEST\n`,
    });
    expect(readSession(data, pid)?.state).toBe('over');
  });

  it('destroys them also after the shell itself is gone', async () => {
    const pid = await shell();
    register(pid);
    await end(pid);
    expect((await say('--session', String(pid))).output).toMatch(/^Destroyed /);
    expect(readSession(data, pid)?.state).toBe('over');
  });

  it('leaves them to another one', async () => {
    const [pid, other] = [await shell(), await shell()];
    register(pid);
    register(other);
    expect(await say('--session', String(pid))).toEqual({ status: 0, output: 'Another session is left\n' });
    expect(await say('--quiet', '--session', String(pid))).toEqual({ status: 0, output: '' });
    expect(existsSync(cache)).toBe(true);
  });

  it('leaves them to one that has begun just now, and is not yet watched', async () => {
    const [pid, other] = [await shell(), await shell()];
    register(pid);
    writeFileSync(sessionFile(other), '');
    expect((await say('--session', String(pid))).output).toBe('Another session is left\n');
    const before = Date.now() / 1000 - 120;
    utimesSync(sessionFile(other), before, before);
    expect((await say('--session', String(pid))).output).toMatch(/^Destroyed /);
  });

  it('counts no session that has ended, or is ending', async () => {
    const [pid, ending, gone] = [await shell(), await shell(), await shell()];
    register(pid);
    register(ending, { state: 'ending' });
    register(gone, { watcherStart: '' });
    await end(gone);
    // Somebody else has got the number since.
    register(await shell(), { start: '1', watcherStart: '' });
    register(await shell(), { boot: 'an earlier one', watcherStart: '' });
    expect((await say('--session', String(pid))).output).toMatch(/^Destroyed /);
    expect(sessions().sort()).toEqual([pid, ending].map(String).sort());
  });

  it('neither counts nor forgets sessions that it cannot see', async () => {
    const pid = await shell();
    register(pid);
    register(await shell(), { host: 'another', watcherStart: '' });
    register(await shell(), { namespace: 'another', watcherStart: '' });
    expect((await say('--session', String(pid))).output).toMatch(/^Destroyed /);
    expect(sessions()).toHaveLength(3);
  });

  it('needs no session that is known', async () => {
    expect((await say('--session', '1')).output).toMatch(/^Destroyed /);
    mkdirSync(join(data, 'sessions'), { recursive: true });
    for (const junk of ['7', 'x', '08', '9 of something'])
      writeFileSync(join(data, 'sessions', junk), 'junk %');
    expect((await say('--session', '7')).status).toBe(0);
  });

  it('leaves it to the watcher to try again what has failed', async () => {
    const pid = await shell();
    register(pid);
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'key-left'), '');
    expect((await say('--session', String(pid))).status).toBe(1);
    expect(readSession(data, pid)?.state).toBe('ending');
  });
});

describe('krb5kit logout --after', () => {
  it('leaves a process behind that is on its own', async () => {
    const pid = await shell();
    const seen = join(scratch(), 'seen');
    const script = `require('node:fs').writeFileSync('${seen}', JSON.stringify([process.argv.slice(1), process.ppid]))`;
    const io = captureIo({ env: {}, program: [process.execPath, '-e', script, '--'] });
    expect(await runCommand(logout, ['--after', String(pid)], io)).toBe(0);
    await until(() => existsSync(seen) && readFileSync(seen, 'utf8') !== '');
    expect(JSON.parse(readFileSync(seen, 'utf8'))[0]).toEqual(['logout', '--quiet', '--watch', String(pid)]);
  });

  it('says that it could not', async () => {
    const io = captureIo({ program: ['/nonexistent/node', 'krb5kit'] });
    expect(await runCommand(logout, ['--after', '1'], io)).toBe(1);
    expect(io.stderr).toContain('ENOENT');
  });
});

describe('krb5kit logout --stay', () => {
  it.each([
    ['SIGTERM', `logout --quiet --session ${process.pid}\n`],
    ['SIGINT', ''],
  ] as const)('is a session, which %s ends by %j', async (signal, calls) => {
    const { io, status } = called('--stay');
    await until(() => readSession(data, process.pid)?.state === 'watched');
    const pid = await shell();
    expect((await say('--session', String(pid))).output).toBe('Another session is left\n');
    io.stop(signal);
    expect([await status, started(), sessions()]).toEqual([0, calls, []]);
  });
});

describe.skipIf(!existsSync('/proc/self/stat'))('a process', () => {
  it('is another one once it has ended, even before anybody has asked for it', async () => {
    // The program that the shell becomes asks for none of its children.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    shells.push(parent);
    const [text] = await once(parent.stdout, 'data');
    const pid = Number(text);
    const start = startOf(pid)!;
    expect([start === undefined, isRunning(pid, start), isRunning(pid, `${start}0`)]).toEqual([
      false,
      true,
      false,
    ]);
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid, start));
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
    expect(startOf(pid)).toBeUndefined();
  });
});

describe('a wrong command line', () => {
  it.each([
    [['--session', 'me'], 'krb5kit logout: me is no process\n'],
    [['--after', '-1'], 'krb5kit logout: -1 is no process\n'],
    [['--install', '--status'], 'krb5kit logout: --install and --status exclude each other\n'],
  ])('is %j', async (argv, message) => {
    const { status, output } = await say(...argv);
    expect([status, output.startsWith(message)]).toEqual([2, true]);
    expect(existsSync(cache)).toBe(true);
  });
});
