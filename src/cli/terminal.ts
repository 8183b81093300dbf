import { fstatSync, statSync } from 'node:fs';
import { textToBytes } from '../codec/text.ts';
import { readInputLine, readWholeInput, stdinBytes } from './input.ts';
import { deliverWhole, writeWhole } from './output.ts';
import { promptForPassword } from './prompt.ts';

/** All that a command knows of the world around it; tests give it a captured one. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly pid: number;
  /** The effective user; undefined on systems without numeric users. */
  readonly uid: number | undefined;
  readonly cwd: string;
  /** How we were started, without the arguments: the Node that runs us and its script. */
  readonly program: readonly string[];
  /** Where the native libraries keep caches of all users: `/tmp`, whatever TMPDIR says. */
  readonly cacheDirectory: string;
  /** Where the kernel of Linux tells of the keys that we may see: `/proc/keys`. */
  readonly keysFile: string;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** The width of the terminal, 80 without one. */
  readonly columns: number;
  /** Aborted when what the command waits for is no longer wanted. */
  readonly signal?: AbortSignal;
  now(): Date;
  /** Called before a KDC is asked, where that can be made cheaper. */
  beforeAsking?(): void;
  /** Has `listener` told of the signals that ask to stop, instead of ending; the function returned undoes this. */
  onStop(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Writes to stdout, in full, with what else is written before anything is waited for; adds nothing. */
  out(text: string): void;
  /** Writes to stdout, at once and in full, what is lost without it; throws the system's error where it cannot. */
  deliver(text: string): void;
  /** Writes to stderr, at once and in full; adds nothing. */
  err(text: string): void;
  /** The same as far as there is a reader; without one `err` ends the program, as SIGPIPE does others. */
  tell(text: string): void;
  /** One line of stdin without its end, echoed by a terminal as usual; undefined at the end of the input. */
  readLine(): Promise<string | undefined>;
  /** All that is left of stdin. Throws KerberosError CACHE_IO for more than `limit` bytes. */
  readInput(limit: number): Promise<Uint8Array>;
  /**
   * Shows `prompt` as it is on stdout and reads one line without echo. Throws KerberosError PASSWORD_UNREAD at the
   * end of the input, PASSWORD_INTERRUPTED on Ctrl-C.
   */
  readPassword(prompt: string): Promise<string>;
  /** The same with the prompt on stderr, for what any command may have to ask while stdout is read by another. */
  readPassphrase(prompt: string): Promise<string>;
}

/** The part of node's `process` that `processIo` stands on. */
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

/** More characters than that do not wait for the rest. */
const MAX_PENDING = 1 << 16;

/** Where we are when our directory has been removed: no relative name leads anywhere from there. */
const REMOVED_DIRECTORY = '/proc/self/cwd';

/** The status of a program that SIGPIPE ends; node ignores the signal itself. */
const EXIT_SIGPIPE = 128 + 13;

/** The real world: descriptors 0 to 2 of `process`. Nothing is opened or asked for before it is used. */
export function processIo(process: ProcessLike, signal?: AbortSignal): Io {
  const input = stdinBytes();
  const write = (fd: number, text: string): void => {
    if (!writeWhole(fd, textToBytes(text))) process.exit(EXIT_SIGPIPE);
  };
  // What is printed in one go is written at once: a reader such as `grep -q` may close the pipe after the first piece.
  let pending = '';
  const flush = (): void => {
    const text = pending;
    pending = '';
    if (text !== '') write(1, text);
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
    deliver(text) {
      flush();
      if (!deliverWhole(1, textToBytes(text))) process.exit(EXIT_SIGPIPE);
    },
    err(text) {
      flush();
      write(2, text);
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
        write(1, text);
      },
    },
  });
  return io;
}

/** For what runs long: at SIGUSR1 Node would open a debugger, to every user of the machine. */
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
