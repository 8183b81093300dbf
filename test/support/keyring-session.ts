import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToText, textToBytes } from '../../src/codec/text.ts';
import type { Environment, Said } from './both-programs.ts';
import { findProgram } from './peers.ts';

/** A separate session keyring, for programs that leave keys there. */
export interface KeyringSession {
  /** Runs programs in the session, one after the other; a name is looked up among the system's programs. */
  run(program: string, argv: readonly string[], env?: Environment, input?: string): Promise<Said>;
  /** The output of keyctl in the session; throws with its message if it fails. */
  keyctl(...argv: string[]): Promise<string>;
  /** Ends the session; its keys disappear with its last process. */
  close(): Promise<void>;
}

export function startKeyringSession(): KeyringSession {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-session-'));
  const file = (name: string): string => join(directory, name);
  const child = spawn(findProgram('keyctl')!, ['session', '-', '/bin/sh'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const waiting: ((status: number) => void)[] = [];
  let lines = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    lines += text;
    for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n')) {
      waiting.shift()?.(Number(lines.slice(0, at)));
      lines = lines.slice(at + 1);
    }
  });
  child.once('close', () => {
    for (const each of waiting.splice(0)) each(-1);
  });
  let last: Promise<unknown> = Promise.resolve();

  async function runNow(
    program: string,
    argv: readonly string[],
    env: Environment,
    input: string,
  ): Promise<Said> {
    const path = findProgram(program);
    if (path === undefined) throw new Error(`${program} is not installed`);
    writeFileSync(file('in'), textToBytes(input));
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = ['timeout', '60', 'env', '-i', ...variables, path, ...argv].map(quote).join(' ');
    const status = await new Promise<number>(resolve => {
      waiting.push(resolve);
      child.stdin.write(textToBytes(`${words} <${file('in')} >${file('out')} 2>${file('err')}; echo $?\n`));
    });
    const read = (name: string): string => bytesToText(readFileSync(file(name)));
    return { status, stdout: read('out'), stderr: read('err') };
  }

  const run: KeyringSession['run'] = (program, argv, env = {}, input = '') => {
    const result = last.then(() => runNow(program, argv, env, input));
    last = result.catch(() => undefined);
    return result;
  };
  return {
    run,
    async keyctl(...argv) {
      const { status, stdout, stderr } = await run('keyctl', argv);
      if (status !== 0) throw new Error(`keyctl ${argv.join(' ')}: ${stderr}`);
      return stdout;
    },
    async close() {
      child.stdin.end();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
