import { ActivityError } from './activity.ts';

/** The underlying error, whatever was being done at the time. */
export function reasonOf(thrown: unknown): unknown {
  return thrown instanceof ActivityError ? thrown.cause : thrown;
}

/** Runs `work`; an error in it is thrown without what was being done at the time. */
export async function plainly<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw reasonOf(thrown);
  }
}
