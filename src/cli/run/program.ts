import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { errnoOf, systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { Io } from '../terminal.ts';

/** Passes the signals that ask us to stop on to the program. */
export interface Stop {
  /** A signal that came before the program was started. */
  readonly early: NodeJS.Signals | undefined;
  passTo(program: ChildProcess): void;
  release(): void;
}

/** Catches them from now on; calls `onEarly` for one that comes before the program is started. */
export function catchSignals(io: Io, onEarly: () => void = () => undefined): Stop {
  let early: NodeJS.Signals | undefined;
  let program: ChildProcess | undefined;
  const releaseStop = io.onStop(signal => {
    // A terminal sends its signals to the program as well, and getting one twice differs from getting it once.
    const atTerminal = io.stdinIsTerminal || io.stdoutIsTerminal || io.stderrIsTerminal;
    const typed = atTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT') && !isInBackground(io);
    if (program === undefined) {
      early ??= signal;
      onEarly();
    } else if (!typed) program.kill(signal);
  });
  // On the first, Node would open a debugger to every user of the machine; on the second, it would end.
  const releaseOthers = onSignals(['SIGUSR1', 'SIGUSR2'], signal => void program?.kill(signal), io);
  return {
    get early() {
      return early;
    },
    passTo(child) {
      program = child;
    },
    release() {
      releaseStop();
      releaseOthers();
    },
  };
}

/** Whether what is typed at our terminal is certain to signal other processes than us, as far as the system tells. */
function isInBackground({ ownStatFile }: Io): boolean {
  try {
    const stat = readFileSync(ownStatFile, 'latin1');
    // After the name, which may contain anything: the state, our parent, our group, the session, the terminal, its group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group !== foreground;
  } catch {
    return false;
  }
}

/** Listens for signals that do not ask us to stop, on systems that have them, until the returned function is called. */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  listener: (signal: NodeJS.Signals) => void,
  { platform }: Io,
): () => void {
  if (platform === 'win32') return () => undefined;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

export interface Surroundings {
  /** Told why the program cannot be started, and the exit status that comes of it. */
  failed(error: KerberosError, exitStatus: number): void | Promise<void>;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: Stop;
  readonly io: Io;
  /** Descriptors, besides the standard ones, that the program inherits with the same numbers. */
  readonly descriptors?: readonly number[];
  /** Whether it runs without input and output. */
  readonly silent?: boolean;
}

/** A program that was started, or that could not be. */
export interface Started {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  /**
   * Its exit status, or 128 plus the number of the signal that ended it. If it could not be started, that of a shell:
   * 127 if it does not exist, else 126.
   */
  readonly status: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program with our own input and output, unless a signal has come already. */
export function startProgram(
  [program = '', ...args]: readonly string[],
  { failed, env, stop, io, descriptors = [], silent = false }: Surroundings,
): Started {
  if (stop.early !== undefined) return notStarted(Promise.resolve(statusOf(stop.early)));
  const fail = async (cause: unknown): Promise<number> => {
    const status = errnoOf(cause) === 'ENOENT' ? 127 : 126;
    const message = `${program}: ${systemReason(cause)}`;
    await failed(new KerberosError('PROGRAM_NOT_STARTED', message, { cause }), status);
    return status;
  };
  try {
    // An unset variable on a command line may leave an empty name.
    if (program === '') throw Object.assign(new Error('no name'), { code: 'ENOENT' });
    const child = spawn(program, args, {
      env,
      stdio: silent ? 'ignore' : stdioWith(descriptors),
      cwd: io.cwd,
    });
    stop.passTo(child);
    const status = new Promise<number>(resolve => {
      child.once('error', error => resolve(fail(error)));
      child.once('close', (code, signal) => resolve(code ?? statusOf(signal)));
    });
    return { pid: child.pid, status, kill: signal => void child.kill(signal) };
  } catch (error) {
    return notStarted(fail(error));
  }
}

/** Descriptors between the given ones stay closed. */
function stdioWith(descriptors: readonly number[]): StdioOptions {
  const length = Math.max(2, ...descriptors) + 1;
  return Array.from({ length }, (_, fd) => (fd <= 2 || descriptors.includes(fd) ? fd : 'ignore'));
}

/** The exit status that shells give a program which a signal has ended. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

function notStarted(status: Promise<number>): Started {
  return { pid: undefined, status, kill: () => undefined };
}
