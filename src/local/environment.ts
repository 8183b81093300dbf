import { KerberosError } from '../errors.ts';
import { openSession, type Session } from './session.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The configuration, caches and keytabs of this process, found through its environment, or another one, as a native
 * library would.
 */
export function openEnvironment(env?: Surroundings['env']): Session {
  return openSession(env === undefined ? world : Object.create(world, { env: { value: env } }));
}

/** Those of a process whose terminal is not ours to use. */
const world: Surroundings = {
  env: process.env,
  platform: process.platform,
  pid: process.pid,
  get uid() {
    return process.geteuid?.();
  },
  cacheDirectory: '/tmp',
  stdinIsTerminal: false,
  now: () => new Date(),
  err: () => undefined,
  readPassphrase: nobodyToAsk,
};

async function nobodyToAsk(): Promise<never> {
  throw new KerberosError('PASSWORD_UNREAD', 'There is nobody to ask for a password');
}
