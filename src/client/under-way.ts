import type { Ccache } from '../ccache/ccache.ts';
import { TransportError } from '../errors.ts';
import { type StopSignal, sharedSignal } from '../transport/stop-signal.ts';
import type { ExchangeOptions } from './options.ts';

type Asking = Pick<ExchangeOptions, 'transport' | 'signal'>;

interface UnderWay extends Asking {
  readonly result: Promise<unknown>;
}

/** The requests in progress, by cache and by name. */
const askings = new WeakMap<Ccache, Map<string, UnderWay>>();

/** Does `work`, for which others may wait meanwhile. */
export async function leading<T>(
  cache: Ccache,
  name: string,
  { transport, signal }: Asking,
  work: () => Promise<T>,
): Promise<T> {
  if (transport.stepwise) return work();
  const byName = askings.get(cache) ?? new Map<string, UnderWay>();
  askings.set(cache, byName);
  const result = work();
  byName.set(name, { transport, signal, result });
  try {
    return await result;
  } finally {
    byName.delete(name);
  }
}

/**
 * Waits for a request for the same thing that is in progress; resolves to whether it was given up, so that one of those
 * who wait must start it again. Undefined if there is none. If it failed because no KDC answers, this fails, too:
 * another attempt over the same transport would take as long again.
 */
export function following(cache: Ccache, name: string, options: Asking): Promise<boolean> | undefined {
  const ahead = options.transport.stepwise ? undefined : askings.get(cache)?.get(name);
  return ahead && follow(ahead, options);
}

/**
 * Does `work`, unless it is in progress for the same cache: then its outcome is that of the work in progress. It is
 * done again if that was given up, or reached no KDC over another transport.
 */
export async function joining(
  cache: Ccache,
  name: string,
  options: Asking,
  work: () => Promise<void>,
): Promise<void> {
  const ahead = options.transport.stepwise ? undefined : askings.get(cache)?.get(name);
  if (ahead === undefined) return leading(cache, name, options, work);
  const { transport, signal } = options;
  const failure = await failureOf(ahead.result, signal && sharedSignal(signal));
  if (signal?.aborted) return work();
  if (failure === undefined) return;
  if (ahead.signal?.aborted || (failure instanceof TransportError && ahead.transport !== transport)) {
    return joining(cache, name, options, work);
  }
  throw failure;
}

async function follow({ transport, result }: UnderWay, options: Asking): Promise<boolean> {
  const failure = await failureOf(result, options.signal && sharedSignal(options.signal));
  if (!(failure instanceof TransportError)) return false;
  if (failure.code !== 'ABORTED' && transport === options.transport) throw failure;
  return failure.code === 'ABORTED';
}

/** Why it failed; undefined if it did not, and as soon as `signal` is aborted. */
function failureOf(result: Promise<unknown>, signal: StopSignal | undefined): Promise<unknown> {
  return new Promise(resolve => {
    const end = (failure?: unknown): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve(failure);
    };
    const onAbort = (): void => end();
    if (signal?.aborted) return end();
    signal?.addEventListener('abort', onAbort);
    result.then(() => end(), end);
  });
}
