import type { ChildProcess } from 'node:child_process';
import { connect, type NetConnectOpts } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** More than any daemon takes to start, on a busy machine. */
const START_MILLISECONDS = 50_000;

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

/** Waits until a daemon accepts connections in these places. Where it does not, it is ended, and what it has said thrown. */
export async function untilListening(
  daemon: ChildProcess,
  places: readonly NetConnectOpts[],
  said: () => string = () => '',
): Promise<void> {
  let failure = '';
  daemon.once('error', ({ message }) => {
    failure = message;
  });
  const ready = async () => (await Promise.all(places.map(accepts))).every(Boolean);
  for (const deadline = Date.now() + START_MILLISECONDS; !(await ready()); await sleep(20)) {
    if (daemon.exitCode === null && daemon.signalCode === null && Date.now() < deadline) continue;
    await endProcess(daemon);
    throw new Error(`${daemon.spawnfile} does not start: ${failure}${said()}`);
  }
}

/** Whether something accepts connections there. */
function accepts(where: NetConnectOpts): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(where, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
