import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../../errno.ts';

/** Where process numbers are valid. */
export interface Place {
  readonly host: string;
  /** Identifies this boot of the system, if the system names it. */
  readonly boot: string;
  readonly namespace: string;
}

/** Our own place. */
export function ourPlace(): Place {
  try {
    return {
      host: hostname(),
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      namespace: readlinkSync('/proc/self/ns/pid'),
    };
  } catch {
    return { host: hostname(), boot: '', namespace: '' };
  }
}

/**
 * When a process started, in the system's notation, which tells it from other processes with the same number; undefined
 * once it has ended.
 */
export function startOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return existsSync('/proc/self/stat') ? undefined : startByPs(pid);
  }
  // The program's name, in parentheses, may contain anything; the state is field 3, the start time field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A process that has ended keeps its number until its parent has waited for it.
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Whether a process that started then still runs. It must be cheap, since it is called every second. */
export function isRunning(pid: number, start: string): boolean {
  if (existsSync('/proc/self/stat')) return startOf(pid) === start;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

function startByPs(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  });
  const [, state, start] = /^\s*(\S+)\s+(.*\S)/.exec(stdout ?? '') ?? [];
  return state?.startsWith('Z') ? undefined : start;
}
