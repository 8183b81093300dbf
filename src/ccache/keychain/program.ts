import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { SessionEnvironment } from './bus-address.ts';
import { keychainTimeout, keychainUnavailable } from './errors.ts';

export interface ProgramOptions {
  readonly environment: SessionEnvironment;
  /** Written to its standard input: other processes could read arguments and the environment. */
  readonly input: string;
  /** Whether its input stays open as long as it runs and this process lives. */
  readonly staysWithUs?: boolean;
  /** Seconds after which it is killed. */
  readonly seconds: number;
  /** Kills it as well. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters of each output; more than a keychain's program ever prints. */
const MAX_OUTPUT = 1 << 16;

/**
 * Runs a program of the keychain in a process of its own, which can be killed if it hangs. Throws KerberosError
 * KEYCHAIN_TIMEOUT, and KEYCHAIN_UNAVAILABLE if it does not start, breaks off or prints too much.
 */
export function runKeychainProgram(
  path: string,
  args: readonly string[],
  { environment, input, staysWithUs = false, seconds, signal }: ProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const timer = setTimeout(() => giveUp(keychainTimeout()), seconds * 1000);
    const stop = (): void => giveUp(keychainTimeout());
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
        if (said[name].length > MAX_OUTPUT)
          giveUp(keychainUnavailable(`${basename(path)} talks without end`));
      });
    }
    child.on('error', error => {
      giveUp(keychainUnavailable(`${basename(path)} does not start`, error));
    });
    child.on('close', status => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      if (status === null) reject(keychainUnavailable('it broke off'));
      else resolve({ status, ...said });
    });
    child.stdin.on('error', () => undefined); // a child that dies early is told by `close`
    if (staysWithUs) child.stdin.write(input);
    else child.stdin.end(input);

    function giveUp(reason: Error): void {
      clearTimeout(timer);
      reject(reason);
      child.kill('SIGKILL');
      // A process that does not die at once must not keep ours from ending.
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      child.unref();
    }
  });
}

/** The path of a program on the user's PATH, ignoring relative entries. */
export function findOnPath(name: string, { PATH = '' }: SessionEnvironment): string | undefined {
  return PATH.split(delimiter)
    .filter(isAbsolute)
    .map(directory => join(directory, name))
    .find(existsSync);
}
