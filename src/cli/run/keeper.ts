import { KerberosError } from '../../errors.ts';
import type { LastingOptions, Supplied } from '../lasting-tickets.ts';

/** How tickets are kept alive. */
interface KeeperOptions {
  /** Seconds between two checks; half of the remaining lifetime if not given, and never more than that. */
  readonly interval: number | undefined;
  /** Seconds for which tickets must still be valid at the next check. */
  readonly margin: number;
  /** Get new tickets at every check. */
  readonly always: boolean;
  readonly now: () => Date;
  refresh(options: LastingOptions): Promise<Supplied>;
  /** Called with each failure, and whether another one came before it; returns false to give up. */
  failed(error: unknown, again: boolean): boolean;
  /** Called when an attempt succeeds after failures. */
  recovered(): void;
}

/** Keeps tickets alive in the background. */
export interface Keeper {
  /** Gets new tickets at once. */
  wake(): void;
  /** Ends it; resolves when all work has finished. */
  stop(): Promise<void>;
  /** Resolves when it has ended, to whether it gave up. */
  readonly ended: Promise<boolean>;
}

/** Seconds after which a clock that was set, or a machine that slept, is noticed. */
const LONGEST_NAP = 30;
/** The most seconds between two attempts. */
const LONGEST_RETRY = 60;
const SHORTEST_PAUSE = 0.5;
/** Milliseconds by which a clock may lag behind the time that has passed before it counts as set back. */
const LAG = 1000;

/** Keeps tickets alive from now on; `supplied` are the present ones, undefined if they are yet to be obtained. */
export function keepTickets(supplied: Supplied | undefined, options: KeeperOptions): Keeper {
  const clock = alarmClock(options.now);
  const ended = keep(supplied, clock, options);
  return {
    wake: () => clock.ring(),
    async stop() {
      clock.stop();
      await ended;
    },
    ended,
  };
}

async function keep(
  supplied: Supplied | undefined,
  clock: AlarmClock,
  options: KeeperOptions,
): Promise<boolean> {
  const { interval, margin, always, now } = options;
  let failures = supplied === undefined ? 1 : 0;
  let due = supplied === undefined ? now().getTime() : dueAfter(supplied, options);
  for (;;) {
    const rung = await clock.sleepUntil(due);
    if (clock.stopped) return false;
    const anew = rung || always || interval === undefined;
    const { fresh, error } = await attempt(() => options.refresh({ least: (interval ?? 0) + margin, anew }));
    if (clock.stopped) return false;
    if (fresh !== undefined) {
      if (failures > 0) options.recovered();
      failures = 0;
      due = dueAfter(fresh, options);
    } else {
      if (!options.failed(error, failures > 0)) return true;
      due = now().getTime() + retryAfter(failures++) * 1000;
    }
  }
}

async function attempt(
  refresh: () => Promise<Supplied>,
): Promise<{ readonly fresh?: Supplied; readonly error?: unknown }> {
  try {
    return { fresh: await refresh() };
  } catch (error) {
    return { error };
  }
}

function dueAfter({ first, others, now: kdcTime }: Supplied, { interval, now }: KeeperOptions): number {
  const end = Math.min(...[first, ...others].map(({ endtime }) => endtime.getTime()));
  const half = (end - kdcTime.getTime()) / 2000;
  const pause = Math.max(Math.min(interval ?? half, half), SHORTEST_PAUSE);
  return now().getTime() + pause * 1000;
}

interface AlarmClock {
  readonly stopped: boolean;
  /** Resolves at that time or earlier: to true if it was woken, or if the clock was set back meanwhile. */
  sleepUntil(time: number): Promise<boolean>;
  ring(): void;
  stop(): void;
}

function alarmClock(now: () => Date): AlarmClock {
  let rung = false;
  let stopped = false;
  let rouse = (): void => undefined;
  const nap = (seconds: number): Promise<void> =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, seconds * 1000);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    get stopped() {
      return stopped;
    },
    async sleepUntil(time) {
      const begun = performance.now();
      const length = time - now().getTime() + LAG;
      const left = (): number => Math.min(time - now().getTime(), length - (performance.now() - begun));
      while (!rung && !stopped && left() > 0) await nap(Math.min(left() / 1000, LONGEST_NAP));
      const early = rung || now().getTime() < time;
      rung = false;
      return early;
    },
    ring() {
      rung = true;
      rouse();
    },
    stop() {
      stopped = true;
      rouse();
    },
  };
}

/** Seconds to wait after a failure that followed `failures` others. */
export function retryAfter(failures: number): number {
  return Math.min(2 ** failures, LONGEST_RETRY);
}

/** Whether another attempt is pointless: there is nothing to renew, or the KDC refuses to renew it. */
export function isFinal(error: unknown): boolean {
  const cause = error instanceof Error && !(error instanceof KerberosError) ? error.cause : error;
  return (
    cause instanceof KerberosError &&
    ['TICKET_EXPIRED', 'CACHE_NOT_FOUND', 'CREDENTIAL_NOT_FOUND', 'KDC_ERROR'].includes(cause.code)
  );
}
