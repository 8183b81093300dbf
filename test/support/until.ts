import { setTimeout as sleep } from 'node:timers/promises';

/** More than anything takes on a busy machine. */
const PATIENCE = 30_000;

/** Waits until `look` finds something, or something is true. */
export async function until<T>(look: () => T | false | undefined): Promise<T> {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await sleep(10)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`it did not happen within ${PATIENCE / 1000} seconds`);
}
