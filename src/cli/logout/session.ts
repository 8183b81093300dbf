import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../ccache/lock.ts';
import { dataDirectory } from '../../local/directories.ts';
import type { Arguments } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { isRunning, ourPlace, startOf } from '../session/process.ts';
import {
  areOthersAlive,
  isOurs,
  isWatched,
  readSession,
  removeSession,
  type SessionState,
  writeSession,
} from '../session/registry.ts';
import type { Io } from '../terminal.ts';
import { flushTickets } from './flush.ts';

/** Milliseconds between two looks at a process. */
const INTERVAL = 1000;
/** Seconds before each new attempt to destroy what could not be destroyed, as in a keychain that does not answer. */
const PAUSES = [1, 4, 15, 60];

/** The session of a shell ends, or has ended: destroys tickets unless another one is left. Resolves to the exit status. */
export async function endSession(pid: number, args: Arguments, io: Io): Promise<number> {
  const data = dataDirectory(io);
  const mark = (state: SessionState): void => {
    const record = readSession(data, pid);
    if (record === undefined) removeSession(data, pid);
    else writeSession(data, pid, { ...record, state });
  };
  // First told, then asked: of two that end at once neither keeps the other's tickets alive.
  mark('ending');
  if (areOthersAlive(data, pid)) {
    mark('over');
    if (args.has('json')) io.out(lineOfJson({ destroyed: [] }));
    else if (!args.has('quiet')) io.out('Another session is left\n');
    return 0;
  }
  const status = await flushTickets(args, io);
  // Else whoever watches the shell tries again.
  if (status === 0) mark('over');
  return status;
}

/** Has a process of its own session, without terminal, input or output, watch a shell. */
export async function startWatcher(pid: number, io: Io): Promise<void> {
  const child = start(['--watch', String(pid)], io, { detached: true });
  await once(child, 'spawn');
  child.unref();
}

/** Waits until a shell has ended, however it did, and destroys tickets unless another session is left. */
export async function watchSession(pid: number, io: Io): Promise<number> {
  // Whoever tells all processes of a user to end, tells the shell as well; if the shell stays, so do we.
  const release = io.onStop(() => undefined);
  try {
    const began = startOf(pid);
    if (began !== undefined) {
      if (!(await claim(pid, began, io))) return 0;
      while (isRunning(pid, began)) await sleep(INTERVAL);
    }
    const data = dataDirectory(io);
    const done = readSession(data, pid)?.state === 'over' || (await endPatiently(pid, io));
    removeSession(data, pid);
    return done ? 0 : 1;
  } finally {
    release();
  }
}

/** Is a session itself, which ends by SIGTERM; another signal ends it and leaves the tickets. */
export async function beSession(io: Io): Promise<number> {
  let release = (): void => undefined;
  const stopped = new Promise<NodeJS.Signals>(resolve => {
    release = io.onStop(resolve);
  });
  // What is only listened to does not keep a process alive.
  const alive = setInterval(() => undefined, INTERVAL * 3600);
  try {
    await claim(io.pid, startOf(io.pid) ?? '', io);
    const done = (await stopped) !== 'SIGTERM' || (await end(io.pid, io));
    removeSession(dataDirectory(io), io.pid);
    return done ? 0 : 1;
  } finally {
    clearInterval(alive);
    release();
  }
}

async function endPatiently(pid: number, io: Io): Promise<boolean> {
  for (const pause of PAUSES) {
    if (await end(pid, io)) return true;
    await sleep(pause * 1000);
  }
  return end(pid, io);
}

/** In a new process: after a long wait the program may have been replaced by another version, with other files. */
async function end(pid: number, io: Io): Promise<boolean> {
  try {
    const [status] = await once(start(['--session', String(pid)], io), 'exit');
    return status === 0;
  } catch {
    return false;
  }
}

function start(args: readonly string[], io: Io, options: { readonly detached?: boolean } = {}): ChildProcess {
  const [program, ...script] = io.program;
  return spawn(program!, [...script, 'logout', '--quiet', ...args], {
    ...options,
    cwd: io.cwd,
    env: io.env as NodeJS.ProcessEnv,
    stdio: 'ignore',
  });
}

/** Registers the session of a process; false where another process watches it. */
function claim(pid: number, began: string, io: Io): Promise<boolean> {
  const data = dataDirectory(io);
  return withLock(data, 'sessions', async () => {
    const found = readSession(data, pid);
    if (found !== undefined && isOurs(found, pid) && isWatched(found)) return false;
    const watcherStart = startOf(io.pid) ?? '';
    writeSession(data, pid, { ...ourPlace(), state: 'watched', start: began, watcher: io.pid, watcherStart });
    return true;
  });
}
