// Runs a benchmark in a process of its own, so that the others are measured even if it crashes.
import { fork } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('bench-one.mjs', import.meta.url));
const LIMIT = 45; // minutes; none takes half as long
const GRACE = 10_000; // milliseconds to end what it has started

/** The outcome of a file's benchmark, which may be a failure; undefined if the file has none. Never rejects. */
export function measureApart(file, { limit = LIMIT } = {}) {
  const child = fork(program, [file], { serialization: 'advanced' });
  let outcome = { name: basename(file, '.ts') };
  let late = false;
  const overdue = setTimeout(() => {
    late = true;
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
  }, limit * 60_000);
  child.on('message', message => {
    outcome = { ...outcome, ...message };
  });
  return new Promise(resolve => {
    child.once('error', error => resolve({ ...outcome, error: error.message }));
    child.once('close', (status, signal) => {
      clearTimeout(overdue);
      const { isNone, rows, error } = outcome;
      if (isNone) resolve(undefined);
      else if (rows !== undefined || error !== undefined) resolve(outcome);
      else
        resolve({ ...outcome, error: late ? `took longer than ${limit} minutes` : endedBy(status, signal) });
    });
  });
}

function endedBy(status, signal) {
  return signal === null ? `ended with status ${status} before it was done` : `was ended by ${signal}`;
}
