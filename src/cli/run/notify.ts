import { spawn } from 'node:child_process';
import type { Io } from '../terminal.ts';

/** Seconds that the program has. */
const PATIENCE = 5;

/**
 * Tells the service manager of our state, where it wants to know (NOTIFY_SOCKET): by systemd-notify, as Node has no
 * sockets of that kind. Whoever starts us cannot rely on it, so that nothing but a missing program is worth a word.
 */
export async function notifyManager(
  states: readonly string[],
  { program, env }: { readonly program: string; readonly env: NodeJS.ProcessEnv },
  io: Io,
): Promise<void> {
  if (!io.env.NOTIFY_SOCKET) return;
  const child = spawn('systemd-notify', [`--pid=${io.pid}`, ...states], {
    env,
    stdio: 'ignore',
    timeout: PATIENCE * 1000,
  });
  const failed = await new Promise<boolean>(resolve => {
    child.once('error', () => resolve(true));
    child.once('exit', () => resolve(false));
  });
  if (failed) io.err(`${program}: warning: NOTIFY_SOCKET is set, but there is no systemd-notify\n`);
}
