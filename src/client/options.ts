import { DEFAULT_ENCTYPES } from '../crypto/enctype-list.ts';
import { KerberosError, TransportError } from '../errors.ts';
import { secondsOf } from '../messages/seconds.ts';
import { recordDecisions, type Trace } from '../trace.ts';
import type { Transport } from '../transport/transport.ts';

/** What every exchange with a KDC needs. */
export interface ExchangeOptions {
  /** Carries requests to a KDC of a realm and returns its replies. */
  readonly transport: Transport;
  /** Enctypes to ask for and to accept, the preferred first; `DEFAULT_ENCTYPES` if not given. */
  readonly enctypes?: readonly number[] | undefined;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** The KDC's clock minus ours in milliseconds, where a cache remembers it. */
  readonly kdcOffset?: number | undefined;
  /** Seconds two clocks may differ; 300 if not given. */
  readonly clockskew?: number | undefined;
  readonly trace?: Trace | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `ExchangeOptions` with the defaults filled in. */
export interface Exchange {
  readonly transport: Transport;
  readonly enctypes: readonly number[];
  readonly clock: () => Date;
  readonly clockskew: number;
  readonly trace: Trace;
  readonly signal: AbortSignal | undefined;
}

/** Fills in the defaults. */
export function exchangeOf(options: ExchangeOptions): Exchange {
  return {
    transport: options.transport,
    enctypes: options.enctypes ?? DEFAULT_ENCTYPES,
    clock: options.now ?? (() => new Date()),
    clockskew: secondsOf('clockskew', options.clockskew, 300),
    trace: options.trace ?? (() => undefined),
    signal: options.signal,
  };
}

/** Runs an exchange; a KerberosError that it throws has the decisions that led to it in `tried`. */
export async function recounted<O extends ExchangeOptions, T>(
  options: O,
  exchange: (options: O) => Promise<T>,
): Promise<T> {
  const { decisions, trace } = recordDecisions(options.now ?? (() => new Date()), options.trace);
  try {
    return await exchange({ ...options, trace });
  } catch (error) {
    if (error instanceof KerberosError) error.tried ??= decisions;
    throw error;
  }
}

/** Does `work`, in which the user may be asked for something, until `signal` is aborted: then it throws TransportError ABORTED. */
export async function unlessAborted<T>(
  work: () => Promise<T>,
  { signal }: Pick<ExchangeOptions, 'signal'>,
  realm: string,
): Promise<T> {
  if (signal === undefined) return work();
  const { sharedSignal } = await import('../transport/stop-signal.ts');
  const shared = sharedSignal(signal);
  const aborted = () => new TransportError('ABORTED', 'aborted', realm, [], { cause: signal.reason });
  if (signal.aborted) throw aborted();
  let onAbort = (): void => {};
  const abortion = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted());
    shared.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([abortion, work()]);
  } finally {
    shared.removeEventListener('abort', onAbort);
  }
}

/** `clock` shifted by `offset` milliseconds. */
export function shifted(clock: () => Date, offset: number): Date {
  return new Date(clock().getTime() + offset);
}
