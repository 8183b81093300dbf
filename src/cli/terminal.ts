import { fstatSync, statSync } from 'node:fs';
import { textToBytes } from '../codec/text.ts';
import type { Surroundings } from '../local/surroundings.ts';
import { deliverWhole, writeWhole } from './output.ts';
import { readInputLine, readWholeInput, stdinBytes } from './terminal/input.ts';
import { promptForPassword } from './terminal/prompt.ts';

/** A command's access to the world around it; tests pass one that captures the output. */
export interface Io extends Surroundings {
  readonly cwd: string;
  /** The command line that started us, without arguments: Node and its script. */
  readonly program: readonly string[];
  /** Where Linux lists the keys that we may see: `/proc/keys`. */
  readonly keysFile: string;
  /** Where Linux shows our process group and that in the foreground of the terminal: `/proc/self/stat`. */
  readonly ownStatFile: string;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** The width of the terminal, 80 without one. */
  readonly columns: number;
  /** Calls `listener` for signals that ask to stop, instead of ending; the returned function undoes this. */
  onStop(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Writes to stdout, in full, together with all other output up to the next wait; adds nothing. */
  out(text: string): void;
  /**
   * Opens a way like `out`, or `err`, for lines that may be lost: it never waits for a reader, and continues without
   * one.
   */
  openLog(stream: 'stdout' | 'stderr'): Promise<(text: string) => void>;
  /** Writes pending output to stdout; throws the system's error, once, if any output is lost. */
  settle(): void;
  /** Like `err`, but continues without a reader; `err` then ends the program, as SIGPIPE ends others. */
  tell(text: string): void;
  /** One line of stdin without its line end, which a terminal echoes as usual; undefined at the end of the input. */
  readLine(): Promise<string | undefined>;
  /** The rest of stdin. Throws KerberosError INPUT_TOO_LONG for more than `limit` bytes. */
  readInput(limit: number): Promise<Uint8Array>;
  /** Like `readPassphrase`, with the prompt on stdout. */
  readPassword(prompt: string): Promise<string>;
}

/** The part of Node's `process` that `processIo` uses. */
export type ProcessLike = Pick<
  NodeJS.Process,
  | 'env'
  | 'platform'
  | 'pid'
  | 'geteuid'
  | 'cwd'
  | 'kill'
  | 'on'
  | 'off'
  | 'exit'
  | 'execPath'
  | 'argv'
  | 'stdout'
  | 'getBuiltinModule'
>;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The most characters of pending output; more are written at once. */
const MAX_PENDING = 1 << 16;

/** Our working directory if it has been removed: no relative name leads anywhere from there. */
const REMOVED_DIRECTORY = '/proc/self/cwd';

/** The status of a program that SIGPIPE ends; Node itself ignores the signal. */
const EXIT_SIGPIPE = 128 + 13;

/** The `Io` of a real process: descriptors 0 to 2 of `process`. Nothing is opened or looked up before it is used. */
export function processIo(process: ProcessLike, signal?: AbortSignal): Io {
  const input = stdinBytes();
  // Collected output is written in one piece, because a reader such as `grep -q` may close the pipe after the first
  // one.
  let pending = '';
  let lost: unknown;
  const print = (text: string): void => {
    try {
      if (!deliverWhole(1, textToBytes(text))) process.exit(EXIT_SIGPIPE);
    } catch (error) {
      lost ??= error;
    }
  };
  const flush = (): void => {
    const text = pending;
    pending = '';
    if (text !== '') print(text);
  };
  process.on('exit', flush);
  const io: Io = {
    env: process.env,
    platform: process.platform,
    pid: process.pid,
    get uid() {
      return process.geteuid?.();
    },
    get cwd() {
      try {
        return process.cwd();
      } catch {
        return REMOVED_DIRECTORY;
      }
    },
    get program() {
      return [process.execPath, ...process.argv.slice(1, 2)];
    },
    cacheDirectory: '/tmp',
    keysFile: '/proc/keys',
    ownStatFile: '/proc/self/stat',
    get stdinIsTerminal() {
      return isTerminal(0, process);
    },
    get stdoutIsTerminal() {
      return isTerminal(1, process);
    },
    get stderrIsTerminal() {
      return isTerminal(2, process);
    },
    get columns() {
      return (isTerminal(1, process) && process.stdout.columns) || 80;
    },
    ...(signal && { signal }),
    now: () => new Date(),
    onStop(listener) {
      for (const name of STOP_SIGNALS) process.on(name, listener);
      process.on('SIGUSR1', passOver);
      return () => {
        for (const name of STOP_SIGNALS) process.off(name, listener);
        process.off('SIGUSR1', passOver);
      };
    },
    out(text) {
      if (pending === '') setImmediate(flush);
      pending += text;
      if (pending.length > MAX_PENDING) flush();
    },
    async openLog(stream) {
      const { spareOutput } = await import('./terminal/spare-output.ts');
      const spare = spareOutput(stream === 'stdout' ? 1 : 2);
      process.on('exit', spare.flush);
      return text => {
        flush();
        spare.add(text);
      };
    },
    settle() {
      flush();
      const error = lost;
      lost = undefined;
      if (error !== undefined) throw error;
    },
    err(text) {
      flush();
      if (!writeWhole(2, textToBytes(text))) process.exit(EXIT_SIGPIPE);
    },
    tell(text) {
      flush();
      writeWhole(2, textToBytes(text));
    },
    readLine() {
      flush();
      return readInputLine(input);
    },
    readInput: limit => readWholeInput(input, limit),
    readPassword: prompt => promptForPassword(prompt, unbuffered, input, process),
    readPassphrase: prompt => promptForPassword(prompt, onStderr, input, process),
  };
  const onStderr: Io = Object.create(io, { out: { value: io.err } });
  const unbuffered: Io = Object.create(io, {
    out: {
      value(text: string) {
        flush();
        print(text);
      },
    },
  });
  return io;
}

/** Ignores SIGUSR1 in commands that run long: Node would open a debugger to every user of the machine. */
function passOver(): void {}

/** Asks the cheap questions first: loading node:tty takes two milliseconds. */
function isTerminal(fd: number, process: ProcessLike): boolean {
  try {
    const found = fstatSync(fd);
    if (!found.isCharacterDevice() || found.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev)
      return false;
    return process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}
