import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ran } from './built-commands.ts';

const preload = join(import.meta.dirname, 'kill-point.cjs');
/** How many attempts are made at once. */
export const AT_ONCE = 4;
const SIGKILLED = 128 + 9;

/** Variables with which a built command is killed at a step, or reports its steps if none is given. */
export function killPoint(step = ''): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--require ${preload}`, KILL_POINT: step };
}

/** The steps that a command has reported. */
export function stepsOf({ stderr }: Pick<Ran, 'stderr'>): readonly string[] {
  return [...stderr.matchAll(/^step (.*)$/gm)].map(([, step]) => step!);
}

/**
 * Whether a command was killed at the step. At a reading step, it may end before, because data arrive in any number of
 * pieces. Throws if anything else happened. What it had asked a child to do has been done afterwards.
 */
export async function wasKilled({ status, stderr }: Ran, step: string): Promise<boolean> {
  if (status === 0 && step.startsWith('before socket read')) return false;
  if (status !== SIGKILLED || !stderr.includes(`killed ${step}\n`)) {
    throw new Error(`status ${status} instead of the kill: ${stderr}`);
  }
  for (const [, pid] of stderr.matchAll(/^outlived by (\d+)$/gm)) await ended(Number(pid));
  return true;
}

/** Makes an attempt for each step, AT_ONCE at a time, with the number of its lane, from 0. An error names the step. */
export async function atEachStep(
  steps: readonly string[],
  attempt: (step: string, index: number, worker: number) => Promise<void>,
): Promise<void> {
  const left = [...steps.entries()];
  const work = async (worker: number): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, step] = next;
      try {
        await attempt(step, index, worker);
      } catch (cause) {
        left.length = 0;
        throw new Error(`killed ${step}: ${(cause as Error).message}`, { cause });
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function ended(pid: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(5)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (Date.now() > deadline) throw new Error(`process ${pid} does not end`);
  }
}
