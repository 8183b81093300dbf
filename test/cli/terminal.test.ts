import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processIo } from '../../src/cli/terminal.ts';
import { buildProgram } from '../support/build-program.ts';
import { hasPty } from '../support/pty.ts';

const folder = mkdtempSync(join(tmpdir(), 'terminal-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program that has the real `io`, its stdin, stdout and stderr arranged by a shell. */
function run(name: string, body: string, shell: string): SpawnSyncReturns<string> {
  const program = join(folder, `${name}.mjs`);
  const start = `import { processIo } from './src/cli/terminal.ts';\nconst io = processIo(process);\n`;
  buildProgram(start + body, program);
  const command = shell.replace('PROGRAM', `'${process.execPath}' '${program}'`);
  return spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
}

describe('processIo', () => {
  it('tells what the process knows', () => {
    const io = processIo(process);
    expect(io).toMatchObject({
      env: process.env,
      platform: process.platform,
      pid: process.pid,
      uid: process.geteuid?.(),
      cwd: process.cwd(),
    });
    expect(Math.abs(io.now().getTime() - Date.now())).toBeLessThan(1000);
  });

  it('writes to the two outputs, in order and in bytes that were not UTF-8', () => {
    const ran = run(
      'both',
      `io.out('a\\n'); io.err('b\\n'); io.out('\\udce4\\n');`,
      'PROGRAM 2>&1 | od -An -tx1',
    );
    expect(ran.stdout.trim()).toBe('61 0a 62 0a e4 0a');
  });

  it('opens no debugger while it waits for a signal to stop', () => {
    const ran = run(
      'signals',
      `io.onStop(() => process.exit(7)); process.kill(process.pid, 'SIGUSR1');
       setInterval(() => process.kill(process.pid, 'SIGTERM'), 200);`,
      'PROGRAM',
    );
    expect([ran.status, ran.stderr]).toEqual([7, '']);
  });

  it('knows no place where the working directory has been removed', () => {
    const ran = run(
      'removed',
      `io.out(io.cwd + '\\n');`,
      'cd "$(mktemp -d)" && rmdir "$PWD" && PROGRAM 2>&1',
    );
    expect(ran.stdout).toBe('/proc/self/cwd\n');
  });

  it('tells when what was asked for cannot be written', () => {
    const body = `io.out('a'); try { io.settle(); } catch ({ code }) { io.err(code + '\\n'); } io.settle();`;
    expect(run('lost', body, 'PROGRAM >/dev/full').stderr).toBe('ENOSPC\n');
    expect(run('settled', body, 'PROGRAM | cat').stdout).toBe('a');
  });

  it('writes in one piece what is printed in one go', () => {
    const body = `for (const line of ['a', 'b', 'c']) io.out(line + '\\n'); await 0; io.out('d\\n');`;
    const ran = run('piece', body, 'set -o pipefail; PROGRAM | grep -q a; echo $?');
    expect(ran.stdout).toBe('0\n');
  });

  it('waits for a slow reader and loses nothing', () => {
    const ran = run('slow', `io.out('0123456789'.repeat(50_000));`, 'PROGRAM | (sleep 0.3; wc -c)');
    expect(ran.stdout.trim()).toBe('500000');
  });

  it('ends quietly when the reader has gone', () => {
    const ran = run(
      'gone',
      `for (let i = 0; i < 100_000; i++) io.out('line\\n');`,
      'PROGRAM | head -1; echo $' + '{PIPESTATUS[0]}',
    );
    expect(ran.stdout).toBe('line\n141\n');
    expect(ran.stderr).toBe('');
  });

  it.skipIf(process.platform !== 'linux')('goes on when the disk is full', () => {
    expect(run('full', `io.out('text'); io.err('done');`, 'PROGRAM >/dev/full').stderr).toBe('done');
  });

  it('takes neither a pipe nor the null device for a terminal', () => {
    const body =
      'io.out(JSON.stringify([io.stdinIsTerminal, io.stdoutIsTerminal, io.stderrIsTerminal, io.columns]));';
    expect(run('what', body, 'PROGRAM </dev/null 2>/dev/null | cat').stdout).toBe('[false,false,false,80]');
  });

  it('reads passwords line by line from a pipe and leaves the rest of it', () => {
    const ran = run(
      'ask',
      `io.out(await io.readPassword('Old: ') + '/' + await io.readPassword('New: ') + '\\n');`,
      `printf 'one\\ntwo\\nthree\\n' | (PROGRAM; cat)`,
    );
    expect(ran.stdout).toBe('Old: \nNew: \none/two\nthree\n');
  });

  it.skipIf(!hasPty())('waits for a line on a pipe that does not block (needs python3 to make one)', () => {
    const slowly = `(sleep 0.2; printf 'one\\n') | python3 -c 'import os,sys; os.set_blocking(0, False); os.execv(sys.argv[1], sys.argv[1:])' PROGRAM`;
    expect(run('eagain', `io.out(await io.readPassword('Password: '));`, slowly).stdout).toBe(
      'Password: \none',
    );
  });

  it('reads no password from an empty input', () => {
    const body = `io.readPassword('Password: ').catch(error => io.err(error.code));`;
    const ran = run('none', body, 'PROGRAM </dev/null');
    expect([ran.stdout, ran.stderr]).toEqual(['Password: \n', 'PASSWORD_UNREAD']);
  });
});
