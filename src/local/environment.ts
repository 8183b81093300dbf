import type { Io } from '../cli/terminal.ts';
import { KerberosError } from '../errors.ts';
import { openSession, type Session } from './session.ts';

/**
 * The configuration, caches and keytabs of this process, found through its environment, or another one, as a native
 * library would.
 */
export function openEnvironment(env?: Io['env']): Session {
  return openSession(env === undefined ? world : Object.create(world, { env: { value: env } }));
}

/** The surroundings that a command would have, for a process whose terminal is not ours to use. */
const world: Io = {
  env: process.env,
  platform: process.platform,
  pid: process.pid,
  get uid() {
    return process.geteuid?.();
  },
  get cwd() {
    return process.cwd();
  },
  program: [process.execPath],
  cacheDirectory: '/tmp',
  keysFile: '/proc/keys',
  stdinIsTerminal: false,
  stdoutIsTerminal: false,
  stderrIsTerminal: false,
  columns: 80,
  now: () => new Date(),
  onStop: () => () => undefined,
  out: () => undefined,
  settle: () => undefined,
  err: () => undefined,
  tell: () => undefined,
  readLine: nobodyToAsk,
  readInput: nobodyToAsk,
  readPassword: nobodyToAsk,
  readPassphrase: nobodyToAsk,
};

async function nobodyToAsk(): Promise<never> {
  throw new KerberosError('PASSWORD_UNREAD', 'There is nobody to ask for a password');
}
