import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../../errno.ts';

/** The holder of a lock, as its file states. */
export interface Holder {
  readonly pid: number;
  /** When the process started, in the system's ticks; empty if unknown. */
  readonly started: string;
  /** Where the pid is valid: the host and the pid namespace. */
  readonly place: string;
  /** Unique for each time that a lock is held. */
  readonly token: string;
  /** When the lock was taken, in milliseconds since 1970. */
  readonly since: number;
}

/** No work under a lock takes this long, not even with a keychain that asks its user. */
const LONGEST_HOLDING = 120_000;
/** A new lock file is filled at once; if it stays empty, its maker was killed. */
const LONGEST_WRITING = 2000;

let ourStart: string | undefined;

/** The text for a lock that this process is about to take. */
export function describeOurselves(): string {
  const token = Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  ourStart ??= processState(process.pid)?.started ?? '';
  return `${process.pid} ${ourStart} ${place()} ${token}`;
}

/** Parses a lock file; `id` distinguishes files whose holder was killed before it had written anything. */
export function parseHolder(text: string, since: number, id: number): Holder {
  const parts = /^(\d+) (\d*) (\S+) ([a-z0-9]+)$/.exec(text);
  if (parts === null) return { pid: 0, started: '', place: '', token: `x${id}`, since };
  return { pid: Number(parts[1]), started: parts[2]!, place: parts[3]!, token: parts[4]!, since };
}

/**
 * Whether a holder will never release its lock: it is known to have ended, or it cannot be checked and has held it for
 * too long.
 */
export function isDead(holder: Holder): boolean {
  if (holder.place === place()) {
    if (!isAlive(holder.pid)) return true;
    const state = processState(holder.pid);
    if (state !== undefined && holder.started !== '') return state.ended || state.started !== holder.started;
  }
  return Math.abs(Date.now() - holder.since) > (holder.pid === 0 ? LONGEST_WRITING : LONGEST_HOLDING);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

/** Known on Linux only. A killed process that has not been waited for still has its pid. */
function processState(pid: number): { started: string; ended: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name, in parentheses, may contain anything; the state is field 3, the start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { started: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' };
  } catch {
    return undefined;
  }
}

function place(): string {
  try {
    // The same as node:os returns, which takes half a millisecond to load.
    const host = readFileSync('/proc/sys/kernel/hostname', 'latin1').trimEnd();
    return `${encodeURIComponent(host)}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // not Linux: one namespace
    return `${encodeURIComponent(hostname())}/`;
  }
}
