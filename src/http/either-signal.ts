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
  const signals = [one, other];
  const abort = (): void => either.abort(signals.find(signal => signal.aborted)?.reason);
  for (const signal of signals) signal.addEventListener('abort', abort);
  try {
    if (signals.some(signal => signal.aborted)) abort();
    return await work(either.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}
