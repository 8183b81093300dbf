import { spawn } from 'node:child_process';
import type { Io } from '../terminal.ts';

/** The time limit of systemd-notify in seconds. */
const PATIENCE = 5;

/**
 * Reports our state to the service manager if it asks for that (NOTIFY_SOCKET), with systemd-notify, because Node has
 * no datagram sockets of Unix. Service managers do not rely on the report, so only a missing program is worth a
 * warning.
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
