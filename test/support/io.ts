import { type ByteSource, readInputLine, readWholeInput } from '../../src/cli/terminal/input.ts';
import { readPasswordLine } from '../../src/cli/terminal/prompt.ts';
import type { Io } from '../../src/cli/terminal.ts';

/** An Io that records its two outputs. */
export interface CapturedIo extends Io {
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs as they would appear on one terminal. */
  readonly output: string;
  /** Asks the command to stop. */
  stop(signal?: NodeJS.Signals): void;
}

/** The surroundings of the command, and the lines that it reads; any member may be overridden. */
export type CaptureOptions = Partial<
  Omit<
    Io,
    | 'out'
    | 'openLog'
    | 'err'
    | 'tell'
    | 'readLine'
    | 'readInput'
    | 'readPassword'
    | 'readPassphrase'
    | 'onStop'
  >
> & {
  readonly stdin?: string;
};

/**
 * An Io for calling a command as a function: independent of the real process, with `stdin` as the contents of a pipe.
 */
export function captureIo({ stdin = '', ...options }: CaptureOptions = {}): CapturedIo {
  const written: { stream: 'stdout' | 'stderr'; text: string }[] = [];
  const input = bytesOf(stdin);
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const textOf = (stream?: 'stdout' | 'stderr') =>
    written
      .filter(piece => stream === undefined || piece.stream === stream)
      .map(piece => piece.text)
      .join('');
  const out = (text: string): void => void written.push({ stream: 'stdout', text });
  const err = (text: string): void => void written.push({ stream: 'stderr', text });
  return {
    env: {},
    platform: 'linux',
    pid: 4711,
    uid: 1000,
    cwd: '/',
    program: ['/usr/bin/node', '/usr/bin/krb5kit'],
    cacheDirectory: '/tmp',
    keysFile: '/nonexistent',
    ownStatFile: '/nonexistent',
    stdinIsTerminal: false,
    stdoutIsTerminal: false,
    stderrIsTerminal: false,
    columns: 80,
    now: () => new Date(),
    settle: () => undefined,
    ...options,
    onStop(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop(signal = 'SIGTERM') {
      for (const listener of listeners) listener(signal);
    },
    out,
    openLog: async stream => (stream === 'stdout' ? out : err),
    err,
    tell: err,
    readLine: () => readInputLine(input),
    readInput: limit => readWholeInput(input, limit),
    readPassword: prompt => readPasswordLine(prompt, out, input),
    readPassphrase: prompt => readPasswordLine(prompt, err, input),
    get stdout() {
      return textOf('stdout');
    },
    get stderr() {
      return textOf('stderr');
    },
    get output() {
      return textOf();
    },
  };
}

/** Bytes in memory as an input. */
export function bytesOf(text: string | Uint8Array): ByteSource {
  let rest: Uint8Array = Buffer.from(text);
  return {
    async next() {
      const first = rest[0];
      rest = rest.subarray(1);
      return first;
    },
    async block() {
      const block = rest;
      rest = rest.subarray(rest.length);
      return block;
    },
  };
}
