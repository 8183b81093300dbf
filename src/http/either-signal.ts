import { sharedSignal } from '../transport/stop-signal.ts';

/**
 * Does `work` with a signal that is aborted when either of two is. Unlike AbortSignal.any, leaves nothing behind on one
 * that lasts as long as the process.
 */
export async function withEither<T>(
  one: AbortSignal | undefined,
  other: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (one === undefined || other === undefined || one === other) return work(one ?? other);
  const either = new AbortController();
  const abort = (): void => either.abort((one.aborted ? one : other).reason);
  const shared = [one, other].map(sharedSignal);
  for (const signal of shared) signal.addEventListener('abort', abort);
  try {
    if (shared.some(signal => signal.aborted)) abort();
    return await work(either.signal);
  } finally {
    for (const signal of shared) signal.removeEventListener('abort', abort);
  }
}
