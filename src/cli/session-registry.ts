import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../ccache/atomic-write.ts';
import { textToBytes } from '../codec/text.ts';
import { ourPlace, type Place, startOf } from './session-process.ts';

/**
 * The sessions of a user: a file for each, named after the number of its process, which a shell makes empty and whoever
 * watches the process fills in. Where no files can be made nobody is known, and the end of any session is that of the last.
 */

/** `ending`: it does not keep tickets alive any more. `over`: and nothing is left to do after it. */
export type SessionState = 'watched' | 'ending' | 'over';

/** What the file of a session tells. */
export interface SessionRecord extends Place {
  readonly state: SessionState;
  /** When its process started. */
  readonly start: string;
  /** The process that waits for its end. */
  readonly watcher: number;
  readonly watcherStart: string;
}

/** Seconds that a shell's empty file counts without having been filled in. */
const PATIENCE = 60;

/** Undefined where there is none, or it is empty. */
export function readSession(dataDirectory: string, pid: number): SessionRecord | undefined {
  try {
    return parse(readFileSync(pathOf(dataDirectory, pid), 'latin1'));
  } catch {
    return undefined;
  }
}

/** Whether it could be written. */
export function writeSession(dataDirectory: string, pid: number, record: SessionRecord): boolean {
  try {
    makeSessions(dataDirectory);
    writeAtomically(pathOf(dataDirectory, pid), textToBytes(format(record)));
    return true;
  } catch {
    return false;
  }
}

/** Whether there was a file to remove. */
export function removeSession(dataDirectory: string, pid: number): boolean {
  try {
    unlinkSync(pathOf(dataDirectory, pid));
    return true;
  } catch {
    return false;
  }
}

/** Makes the directory in which shells make their files. */
export function makeSessions(dataDirectory: string): void {
  mkdirSync(folder(dataDirectory), { recursive: true, mode: 0o700 });
}

/** Has none of the sessions that there are destroy tickets at its end. */
export function endSessions(dataDirectory: string): void {
  for (const pid of pidsIn(dataDirectory)) {
    const record = readSession(dataDirectory, pid);
    if (record === undefined || !isOurs(record, pid)) removeSession(dataDirectory, pid);
    else writeSession(dataDirectory, pid, { ...record, state: 'over' });
  }
  try {
    rmdirSync(folder(dataDirectory));
  } catch {
    // not empty, or not there
  }
}

/** Whether another session of this user is alive here. Files that nobody will ask for any more are removed. */
export function areOthersAlive(dataDirectory: string, pid: number): boolean {
  return pidsIn(dataDirectory)
    .filter(other => other !== pid)
    .map(other => isAlive(dataDirectory, other))
    .includes(true);
}

/** Whether a record tells of the process that has this number now. */
export function isOurs({ host, boot, namespace, start }: SessionRecord, pid: number): boolean {
  const place = ourPlace();
  return (
    host === place.host && boot === place.boot && namespace === place.namespace && start === startOf(pid)
  );
}

/** Whether the process that waits for a session's end is there, so that the file is left to it. */
export function isWatched({ watcher, watcherStart }: SessionRecord): boolean {
  return watcherStart !== '' && startOf(watcher) === watcherStart;
}

function isAlive(dataDirectory: string, pid: number): boolean {
  const record = readSession(dataDirectory, pid);
  if (record === undefined) return isJustMade(dataDirectory, pid);
  if (isOurs(record, pid)) return record.state === 'watched';
  const { host, boot, namespace } = ourPlace();
  // One home directory may serve several hosts, and containers that cannot see each other's processes.
  const elsewhere = record.host !== host || (record.boot === boot && record.namespace !== namespace);
  if (!elsewhere && !isWatched(record)) removeSession(dataDirectory, pid);
  return false;
}

/** Of a shell that started just now, and whose watcher is about to. */
function isJustMade(dataDirectory: string, pid: number): boolean {
  if (startOf(pid) === undefined) {
    removeSession(dataDirectory, pid);
    return false;
  }
  const made = statSync(pathOf(dataDirectory, pid), { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && Math.abs(Date.now() - made) < PATIENCE * 1000;
}

function pidsIn(dataDirectory: string): readonly number[] {
  try {
    return readdirSync(folder(dataDirectory))
      .filter(name => /^[1-9]\d{0,9}$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function folder(dataDirectory: string): string {
  return join(dataDirectory, 'sessions');
}

function pathOf(dataDirectory: string, pid: number): string {
  return join(folder(dataDirectory), String(pid));
}

function format(record: SessionRecord): string {
  const { state, host, boot, namespace, start, watcher, watcherStart } = record;
  return [state, host, boot, namespace, start, watcher, watcherStart].map(encodeURIComponent).join(' ');
}

function parse(text: string): SessionRecord | undefined {
  const [state, host, boot, namespace, start, watcher, watcherStart] = text
    .split(' ')
    .map(decodeURIComponent);
  if (state !== 'watched' && state !== 'ending' && state !== 'over') return undefined;
  if (watcherStart === undefined) return undefined;
  return {
    state,
    host: host!,
    boot: boot!,
    namespace: namespace!,
    start: start!,
    watcher: Number(watcher),
    watcherStart,
  };
}
