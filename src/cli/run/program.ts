import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileReason } from '../file-reason.ts';
import { printable } from '../sentences.ts';
import type { Io } from '../terminal.ts';

/** The signals that ask us to stop, on their way to the program. */
export interface Stop {
  /** One that came before there was a program to send it to. */
  readonly early: NodeJS.Signals | undefined;
  passTo(program: ChildProcess): void;
  release(): void;
}

/** Catches them from now on; `onEarly` is told of one that comes before there is a program. */
export function catchSignals(io: Io, onEarly: () => void = () => undefined): Stop {
  let early: NodeJS.Signals | undefined;
  let program: ChildProcess | undefined;
  const releaseStop = io.onStop(signal => {
    // What is typed at a terminal reaches the program without our help, and twice is not the same as once.
    const atTerminal = io.stdinIsTerminal || io.stdoutIsTerminal || io.stderrIsTerminal;
    const typed = atTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT');
    if (program === undefined) {
      early ??= signal;
      onEarly();
    } else if (!typed) program.kill(signal);
  });
  // Node would open a debugger to every user of the machine for the one, and end at the other.
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

/** Listens to signals that do not ask us to stop, where there are any, until the function returned is called. */
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
  /** Ours, for messages. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: Stop;
  readonly io: Io;
  /** Those besides the standard ones that the program is to have as well, by the same numbers. */
  readonly descriptors?: readonly number[];
  /** Without input and output. */
  readonly silent?: boolean;
}

/** A program that has been started, or could not be. */
export interface Started {
  /** Undefined where it could not. */
  readonly pid: number | undefined;
  /**
   * Its exit status, or 128 and the signal that ended it, or what shells say of one that cannot be started: 127 where
   * there is none, else 126.
   */
  readonly status: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a program with our own input and output, unless a signal has come before. */
export function startProgram(
  [program = '', ...args]: readonly string[],
  { name, env, stop, io, descriptors = [], silent = false }: Surroundings,
): Started {
  if (stop.early !== undefined) return notStarted(statusOf(stop.early));
  const fail = (error: unknown): number => {
    io.err(printable(`${name}: ${program}: ${fileReason(error)}`).concat('\n'));
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 127 : 126;
  };
  try {
    // What an empty variable leaves of a command line.
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

/** What is between two of them stays closed. */
function stdioWith(descriptors: readonly number[]): StdioOptions {
  const length = Math.max(2, ...descriptors) + 1;
  return Array.from({ length }, (_, fd) => (fd <= 2 || descriptors.includes(fd) ? fd : 'ignore'));
}

/** What shells say of a program that a signal has ended. */
export function statusOf(signal: NodeJS.Signals | null): number {
  return 128 + (signal === null ? 0 : constants.signals[signal]);
}

function notStarted(status: number): Started {
  return { pid: undefined, status: Promise.resolve(status), kill: () => undefined };
}
