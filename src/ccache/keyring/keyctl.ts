import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { errnoOf } from '../../errno.ts';
import { KeyctlFailure, keyctlFailure, noKeyctl } from './failure.ts';
import { commandLine, lastLine, PREAMBLE } from './script.ts';

/** Runs keyctl, with `input`, if given, on its standard input; resolves to its output. */
export type Keyctl = (args: readonly string[], input?: Uint8Array) => Promise<string>;

/**
 * Sets the keyctl command to be run when the work is over, even if we are killed meanwhile; a later one replaces it.
 */
export type AtEnd = (args: readonly string[]) => void;

export interface KeyctlOptions {
  /**
   * Whose session keyring to use: ours, or a new one that ends with the work. A key is accessible only through the
   * session's keyring, so the caller's own must be left unchanged.
   */
  readonly session: 'ours' | 'new';
  /** The directories in which to look for keyctl, separated by colons; those of the system if not given. */
  readonly path?: string | undefined;
}

interface Pending {
  /** The operation, for errors. */
  readonly what: string;
  resolve(output: string): void;
  reject(error: Error): void;
}

type Shell = ChildProcessByStdio<Writable, Readable, Readable>;

/** Where distributions install it; nothing of the caller's environment is passed on. */
const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/run/current-system/sw/bin';
/** Milliseconds without an answer after which the program is killed; the kernel's own answers take less than one. */
const PATIENCE = 20_000;
/** A key holds at most a megabyte, which is printed in hexadecimal. */
const MAX_ANSWER = 4 << 20;
/** How much of an error message is read. */
const MAX_ERROR = 1000;

/**
 * Does work with keyctl. It is run as the child of a shell, which can have a session of its own and starts it faster
 * than we could. Throws KeyctlFailure, also if it is not installed or does not answer.
 */
export async function withKeyctl<T>(
  options: KeyctlOptions,
  work: (keyctl: Keyctl, atEnd: AtEnd) => Promise<T>,
): Promise<T> {
  const shell = startShell(options);
  try {
    return await work(shell.run, shell.atEnd);
  } finally {
    await shell.end();
  }
}

interface RunningShell {
  readonly run: Keyctl;
  readonly atEnd: AtEnd;
  end(): Promise<void>;
}

function startShell({ session, path = SYSTEM_PATH }: KeyctlOptions): RunningShell {
  const [program, args] = session === 'ours' ? ['/bin/sh', []] : ['keyctl', ['session', '-', '/bin/sh']];
  // A process group of its own, so that it can be killed with all its children.
  const child: Shell = spawn(program, args, {
    env: { PATH: path },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const mark = `=${Math.random().toString(36).slice(2)}`;
  const boundary = new RegExp(`(?:^|\\n)${mark} (\\d+)\\n`);
  const pending: Pending[] = [];
  let output = '';
  let complaint = '';
  let failure: KeyctlFailure | undefined;
  let overdue: NodeJS.Timeout | undefined;

  let finish = (): void => undefined;
  const ended = new Promise<void>(resolve => {
    finish = resolve;
  });
  const fail = (error: KeyctlFailure): void => {
    failure ??= error;
    clearTimeout(overdue);
    kill(child);
    // A process that does not die at once must not keep ours from ending.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
    child.unref();
    finish();
    for (const { reject } of pending.splice(0)) reject(failure);
  };
  const wait = (): void => {
    clearTimeout(overdue);
    overdue = setTimeout(() => fail(tooSlow()), PATIENCE);
  };
  child.once('error', error => {
    fail(errnoOf(error) === 'ENOENT' ? noKeyctl(error) : brokenOff(error.message));
  });
  child.once('close', status => {
    fail(status === 0 ? brokenOff() : keyctlFailure(status ?? 1, complaint, 'make a session'));
  });
  child.stdin.on('error', () => undefined); // a shell that ends early is told by `close`
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString('latin1')).slice(-MAX_ERROR);
  });
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString('latin1');
    for (let match = boundary.exec(output); match !== null; match = boundary.exec(output)) {
      const said = output.slice(0, match.index);
      output = output.slice(match.index + match[0].length);
      settle(pending.shift(), Number(match[1]), said);
      if (pending.length === 0) clearTimeout(overdue);
      else wait();
    }
    if (output.length > MAX_ANSWER) fail(new KeyctlFailure('keyctl gives an answer without an end'));
  });
  child.stdin.write(PREAMBLE);
  return {
    run: (words, input) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        if (pending.length === 0) wait();
        pending.push({ what: words[0] ?? '', resolve, reject });
        child.stdin.write(textToBytes(commandLine(words, input, mark)));
      }),
    atEnd(words) {
      child.stdin.write(textToBytes(lastLine(words)));
    },
    async end() {
      child.stdin.end();
      if (failure === undefined) wait();
      await ended;
    },
  };
}

function settle(call: Pending | undefined, status: number, said: string): void {
  if (call === undefined) return;
  const text = bytesToText(Buffer.from(said, 'latin1'));
  if (status === 0) call.resolve(text);
  else call.reject(keyctlFailure(status, text, call.what));
}

function tooSlow(): KeyctlFailure {
  return new KeyctlFailure(`keyctl did not answer within ${PATIENCE / 1000} seconds`);
}

function brokenOff(reason = 'it ended early'): KeyctlFailure {
  return new KeyctlFailure(`keyctl cannot be used: ${reason}`);
}

function kill(child: Shell): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
