import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findOnPath, runKeychainProgram } from '../../src/ccache/keychain/program.ts';
import { scriptProgram } from '../support/fake-program.ts';
import { scratch } from './samples.ts';

const environment = { PATH: process.env.PATH };

it('a program gets its input and gives both outputs and its status', async () => {
  const code = `process.stdin.on('data', d => process.stdout.write(d)); console.error('hm'); process.exitCode = 3;`;
  const path = scriptProgram(scratch(), 'echo', code);
  expect(await runKeychainProgram(path, [], { environment, input: 'in', seconds: 60 })).toEqual({
    status: 3,
    stdout: 'in',
    stderr: 'hm\n',
  });
});

it.each([
  ['takes too long', 2, () => undefined],
  ['is given up', 60, () => AbortSignal.timeout(1500)],
  ['is given up before it starts', 60, () => AbortSignal.abort()],
])('a program that %s is killed', async (_, seconds, signal) => {
  const directory = scratch();
  const pidFile = join(directory, 'pid');
  const code = `process.on('SIGTERM', () => 0); setInterval(() => 0, 1000);
    require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`;
  const path = scriptProgram(directory, 'hang', code);
  const run = runKeychainProgram(path, [], { environment, input: 'secret', seconds, signal: signal() });
  await expect(run).rejects.toMatchObject({ code: 'KEYCHAIN_TIMEOUT' });
  await expect.poll(() => existsSync(pidFile) && isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
});

it('a program that talks without end is killed', async () => {
  const path = scriptProgram(
    scratch(),
    'yes',
    `setInterval(() => process.stdout.write('y'.repeat(5000)), 1);`,
  );
  await expect(runKeychainProgram(path, [], { environment, input: '', seconds: 60 })).rejects.toMatchObject({
    code: 'KEYCHAIN_UNAVAILABLE',
    message: 'The OS keychain cannot be used: yes talks without end',
  });
});

it.each([
  ['dies', `process.kill(process.pid, 'SIGKILL')`, 'it broke off'],
  ['does not read its input', 'process.exit(0)', undefined],
])('a program that %s is no trouble', async (_, code, reason) => {
  const path = scriptProgram(scratch(), 'x', code);
  const input = 'x'.repeat(1 << 20);
  const run = runKeychainProgram(path, [], { environment, input, seconds: 60 });
  if (reason === undefined) expect(await run).toMatchObject({ status: 0 });
  else await expect(run).rejects.toThrow(reason);
});

it('a program that is not there is told by its name', async () => {
  const run = runKeychainProgram('/nonexistent/x', [], { environment, input: '', seconds: 60 });
  await expect(run).rejects.toMatchObject({
    code: 'KEYCHAIN_UNAVAILABLE',
    message: 'The OS keychain cannot be used: x does not start',
  });
});

it('a program is looked for on PATH, and never in the current directory', () => {
  const directory = scratch();
  const path = scriptProgram(directory, 'secret-tool', '');
  expect(findOnPath('secret-tool', { PATH: `/nonexistent:${directory}` })).toBe(path);
  expect(findOnPath('package.json', { PATH: ':.:' })).toBeUndefined();
  expect(findOnPath('secret-tool', {})).toBeUndefined();
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
