import type { ChildProcess } from 'node:child_process';
import { connect, type NetConnectOpts } from 'node:net';

const running = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** An aborted run leaves no daemon behind. */
export function killAtExit(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Ends a daemon with a signal, or kills it after three seconds. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once('exit', resolve));
  child.kill('SIGTERM');
  const overdue = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(overdue);
}

/** Whether something accepts connections there. */
export function accepts(where: NetConnectOpts): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(where, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
