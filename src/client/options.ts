import { DEFAULT_ENCTYPES } from '../crypto/enctype-list.ts';
import { KerberosError } from '../errors.ts';
import { recordDecisions, type Trace } from '../trace.ts';
import type { Transport } from '../transport/transport.ts';

/** What every exchange with a KDC needs. */
export interface ExchangeOptions {
  /** Carries requests to a KDC of a realm and brings its replies. */
  readonly transport: Transport;
  /** Enctypes to ask for and to accept, best first; `DEFAULT_ENCTYPES` if not given. */
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
    clockskew: options.clockskew ?? 300,
    trace: options.trace ?? (() => undefined),
    signal: options.signal,
  };
}

/** Runs an exchange; a KerberosError that it throws carries what led to it. */
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

/** `clock` shifted by `offset` milliseconds. */
export function shifted(clock: () => Date, offset: number): Date {
  return new Date(clock().getTime() + offset);
}
