import { errnoOf } from '../errno.ts';
import type { TransportAttempt } from '../errors.ts';
import type { Trace } from '../trace.ts';
import { describeTarget, isAddress, PROTOCOLS, type Target } from './protocols.ts';
import type { Service } from './services.ts';
import type { StopSignal } from './stop-signal.ts';

/** All in seconds. */
export interface Timing {
  /** For the whole exchange with the KDCs of a realm, including finding them. */
  readonly timeout: number;
  /** How long a KDC may be silent before the next one is tried as well. */
  readonly stagger: number;
  /** How long a KDC may be silent before it is tried over another protocol. */
  readonly patience: number;
  /** The pauses before a datagram is sent again to a silent KDC. */
  readonly resendAfter: readonly number[];
}

export interface RaceOptions extends Omit<Timing, 'timeout'> {
  /** How to recognize answers. */
  readonly service: Pick<Service, 'isReply' | 'fault'>;
  /** Ends the race without a winner. The caller aborts it after the race, too, to close what still runs. */
  readonly signal: StopSignal;
  readonly trace: Trace;
}

export interface RaceResult {
  /** Absent if no target answered. */
  readonly winner?: { readonly target: Target; readonly reply: Uint8Array };
  /** Every attempt that failed or was still unanswered, in the order in which they began. */
  readonly attempts: readonly TransportAttempt[];
}

interface Race {
  readonly request: Uint8Array;
  readonly options: RaceOptions;
  readonly queue: Target[];
  readonly attempts: { target: string; found: string | undefined; reason: string; undelivered: boolean }[];
  readonly running: Set<Target>;
  /** Those of them that are connected streams. */
  readonly connected: Set<Target>;
  /** Those that were sent a datagram more than once. */
  readonly resent: Set<Target>;
  timer: NodeJS.Timeout | undefined;
  over: boolean;
  readonly finish: (result: RaceResult['winner']) => void;
}

/**
 * Tries the targets in turn, each when the previous one has failed or been silent for a while; none is given up as long
 * as it might answer, and the first answer wins.
 */
export function raceTargets(
  targets: readonly Target[],
  request: Uint8Array,
  options: RaceOptions,
): Promise<RaceResult> {
  return new Promise(resolve => {
    const race: Race = {
      request,
      options,
      queue: [...targets],
      attempts: [],
      running: new Set(),
      connected: new Set(),
      resent: new Set(),
      timer: undefined,
      over: false,
      finish(winner) {
        if (race.over) return;
        race.over = true;
        clearTimeout(race.timer);
        options.signal.removeEventListener('abort', onAbort);
        resolve({ ...(winner && { winner }), attempts: race.attempts });
      },
    };
    const onAbort = (): void => race.finish(undefined);
    options.signal.addEventListener('abort', onAbort);
    if (options.signal.aborted) onAbort();
    else startNext(race);
  });
}

function startNext(race: Race): void {
  if (race.over) return;
  clearTimeout(race.timer);
  const target = race.queue.find(target => mayStart(race, target));
  if (target !== undefined) {
    race.queue.splice(race.queue.indexOf(target), 1);
    void run(race, target);
    const next = race.queue.find(target => mayStart(race, target));
    const { stagger, patience } = race.options;
    const pause = next === undefined || isAmong(race.running, next) ? patience : stagger;
    race.timer = setTimeout(startNext, pause * 1000, race);
  } else if (race.running.size === 0) {
    race.finish(undefined);
  }
}

/**
 * No datagram goes to a KDC that is working on the same request over a stream: MIT's crashes if its answer is long. Nor
 * is one sent to it again once the stream is connected; until then it is, for streams may be filtered.
 */
function mayStart(race: Race, target: Target): boolean {
  return target.protocol !== 'udp' || !isAmong(race.running, target);
}

/** Whether the same KDC by another protocol is among the targets. */
function isAmong(targets: ReadonlySet<Target>, { protocol, host, port }: Target): boolean {
  return [...targets].some(
    other => other.protocol !== protocol && other.host === host && other.port === port,
  );
}

async function run(race: Race, target: Target): Promise<void> {
  const name = describeTarget(target);
  const { found } = target;
  const attempt = { target: name, found, reason: 'no answer', undelivered: false };
  race.attempts.push(attempt);
  race.running.add(target);
  try {
    if (await resolveTarget(race, target)) {
      race.attempts.splice(race.attempts.indexOf(attempt), 1);
    } else {
      attempt.reason = await exchange(race, target);
    }
  } catch (error) {
    attempt.reason = (error as Error).message;
    attempt.undelivered = isUndelivered(error, target, race);
    const { reason } = attempt;
    if (!race.over) race.options.trace(`${name}: ${reason}`, { kind: 'failed', target: name, found, reason });
  }
  race.running.delete(target);
  race.connected.delete(target);
  startNext(race);
}

/**
 * Whether an error shows that no server has the request: a closed port refuses datagrams as well, but not those that
 * were sent before.
 */
function isUndelivered(error: unknown, target: Target, { resent }: Race): boolean {
  const { syscall = '' } = error as NodeJS.ErrnoException;
  if (['getaddrinfo', 'connect'].includes(syscall)) return true;
  return errnoOf(error) === 'ECONNREFUSED' && !resent.has(target);
}

/** Puts the addresses of a host name at the front of the queue; resolves to false if there is no name to resolve. */
async function resolveTarget(race: Race, target: Target): Promise<boolean> {
  const { protocol, host, address } = target;
  if (address !== undefined || !PROTOCOLS[protocol].resolves || isAddress(host)) return false;
  race.options.trace(`Resolving hostname ${host}`);
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { all: true });
  race.queue.unshift(...found.map(entry => ({ ...target, address: entry.address })));
  return true;
}

/** Ends the race with an answer, or resolves to the reason why the reply was none. */
async function exchange(race: Race, target: Target): Promise<string> {
  const { trace, signal, resendAfter, service } = race.options;
  const name = describeTarget(target);
  const { found } = target;
  const bytes = race.request.length;
  trace(`Sending ${bytes} bytes to ${name}`, { kind: 'sent', target: name, found, bytes });
  const reply = await PROTOCOLS[target.protocol].exchange(target, race.request, {
    signal,
    resendAfter,
    isReply: service.isReply,
    mayResend: () => !isAmong(race.connected, target),
    onConnect: () => race.connected.add(target),
    onResend() {
      race.resent.add(target);
      trace(`Sending again to ${name}, which is silent`);
    },
  });
  if (race.over) return 'too late';
  trace(`Received ${reply.length} bytes from ${name}`, {
    kind: 'answered',
    target: name,
    found,
    bytes: reply.length,
  });
  const fault = await service.fault(reply);
  if (fault === undefined) {
    race.finish({ target, reply });
    return 'answered';
  }
  trace(`${name}: ${fault.reason}`, { kind: 'failed', target: name, found, reason: fault.reason });
  if (fault.tooBig && target.protocol === 'udp') queueStream(race, target);
  return fault.reason;
}

/** Puts the same KDC over TCP at the front of the queue. */
function queueStream(race: Race, { host, port, address, found }: Target): void {
  const same = race.queue.findIndex(
    other => other.protocol === 'tcp' && other.host === host && other.port === port,
  );
  if (same >= 0) race.queue.splice(same, 1);
  race.queue.unshift({ protocol: 'tcp', host, port, found, ...(address !== undefined && { address }) });
}
