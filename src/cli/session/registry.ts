import { readdirSync, readFileSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../ccache/atomic-write.ts';
import { makeDirectory } from '../../ccache/make-directory.ts';
import { textToBytes } from '../../codec/text.ts';
import { ourPlace, type Place, startOf } from './process.ts';

/**
 * The sessions of a user: one file each, named after the number of its process. A shell creates it empty, and the
 * process that watches the shell fills it in. If no files can be created, no other session is known, so that the end of
 * any session counts as that of the last one.
 */

/** `ending`: the session no longer keeps tickets alive. `over`: there is also nothing to do at its end. */
export type SessionState = 'watched' | 'ending' | 'over';

/** The contents of a session's file. */
export interface SessionRecord extends Place {
  readonly state: SessionState;
  /** When its process started. */
  readonly start: string;
  /** The process that waits for its end. */
  readonly watcher: number;
  readonly watcherStart: string;
}

/** Seconds for which an empty file counts as a session. */
const PATIENCE = 60;

/** A session's record; undefined without a file, or if that is empty. */
export function readSession(dataDirectory: string, pid: number): SessionRecord | undefined {
  try {
    return parse(readFileSync(pathOf(dataDirectory, pid), 'latin1'));
  } catch {
    return undefined;
  }
}

/** Writes a session's record; returns whether that succeeded. */
export function writeSession(dataDirectory: string, pid: number, record: SessionRecord): boolean {
  try {
    makeSessions(dataDirectory);
    writeAtomically(pathOf(dataDirectory, pid), textToBytes(format(record)));
    return true;
  } catch {
    return false;
  }
}

/** Removes a session's file; returns whether there was one. */
export function removeSession(dataDirectory: string, pid: number): boolean {
  try {
    unlinkSync(pathOf(dataDirectory, pid));
    return true;
  } catch {
    return false;
  }
}

/** Creates the directory in which shells create their files. */
export function makeSessions(dataDirectory: string): void {
  makeDirectory(folder(dataDirectory));
}

/** Marks all present sessions so that none of them destroys tickets at its end. */
export function endSessions(dataDirectory: string): void {
  for (const pid of pidsIn(dataDirectory)) {
    const record = readSession(dataDirectory, pid);
    if (record === undefined || !isOurs(record, pid)) removeSession(dataDirectory, pid);
    else writeSession(dataDirectory, pid, { ...record, state: 'over' });
  }
  try {
    rmdirSync(folder(dataDirectory));
  } catch {
    // It is not empty, or missing.
  }
}

/** Whether another session of this user is alive here. Removes files that are no longer needed. */
export function areOthersAlive(dataDirectory: string, pid: number): boolean {
  return pidsIn(dataDirectory)
    .filter(other => other !== pid)
    .map(other => isAlive(dataDirectory, other))
    .includes(true);
}

/** Whether a record is about the process that has this number now. */
export function isOurs({ host, boot, namespace, start }: SessionRecord, pid: number): boolean {
  const place = ourPlace();
  return (
    host === place.host && boot === place.boot && namespace === place.namespace && start === startOf(pid)
  );
}

/** Whether the process that waits for a session's end is running, so that the file is left to it. */
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

/** Whether an empty file belongs to a shell that has just started, and whose watcher is about to start. */
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
