import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { checkOutput } from './output-schema.ts';

/** The result of a built command; for one ended by a signal, the status is 128 plus its number, as in shells. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** A built command in the background. */
export interface Daemon {
  /** All of its output so far. */
  readonly output: string;
  /** What `ready` captured. */
  readonly captured: string;
  /** Sends the signal; resolves to the exit status. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

const bin = join(import.meta.dirname, '../../bin');
/** Milliseconds after which a command that has not ended is killed. */
const PATIENCE = 30_000;

/** Runs `bin/NAME` as a process of its own. */
export function runBuilt(
  name: string,
  args: readonly string[],
  { env, input = '' }: RunOptions,
): Promise<Ran> {
  const child = launch(name, args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', text => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const overdue = setTimeout(() => {
    child.kill('SIGKILL');
    // Processes that it has started may keep them open.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, PATIENCE);
  return ended(child).then(status => {
    clearTimeout(overdue);
    if (args.includes('--json')) checkOutput({ stdout, stderr });
    return { status, stdout, stderr };
  });
}

/** Starts `bin/NAME`; resolves once its output matches. Throws with the output if it ends before. */
export function startBuilt(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: RegExp,
): Promise<Daemon> {
  const child = launch(name, args, env);
  const end = ended(child);
  let output = '';
  return new Promise((resolve, reject) => {
    const look = (text: string): void => {
      output += text;
      const match = ready.exec(output);
      if (match === null) return;
      resolve({
        get output() {
          return output;
        },
        captured: match[1] ?? '',
        stop(signal = 'SIGTERM') {
          child.kill(signal);
          return end;
        },
      });
    };
    child.stdout?.setEncoding('utf8').on('data', look);
    child.stderr?.setEncoding('utf8').on('data', look);
    end.then(status => reject(new Error(`${name} ended with status ${status}: ${output}`)), reject);
  });
}

function launch(name: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [join(bin, name), ...args], { env });
}

function ended(child: ChildProcess): Promise<number> {
  running.add(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      running.delete(child);
      resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

const running = new Set<ChildProcess>();
// An aborted run leaves nothing behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
