import type { Config } from '../config/config.ts';
import { type TransportAttempt, TransportError } from '../errors.ts';
import type { Trace } from '../trace.ts';
import { locateServers, orderTargets, type Server } from './locate.ts';
import type { Target } from './protocols.ts';
import { raceTargets, type Timing } from './race.ts';
import { SERVICES, type ServiceName } from './services.ts';
import { createSrvLookup, type SrvLookup } from './srv.ts';
import { StopController, type StopSignal, sharedSignal } from './stop-signal.ts';
import { Turns } from './turns.ts';
import type { UriLookup } from './uri.ts';

/**
 * Carries an encoded request to a KDC of `realm`, or to another of its servers; resolves to its reply, KRB-ERROR
 * included. Throws `TransportError`: REALM_UNKNOWN, KDC_UNREACHABLE with every attempt, or ABORTED.
 */
export interface Transport {
  (realm: string, request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** The realm that [domain_realm] assigns to a host, if the transport is made from a configuration. */
  readonly realmOfHost?: Config['realmOfHost'] | undefined;
  /** Whether replies come only as the caller goes on, so that nobody else can wait for what is asked by it. */
  readonly stepwise?: boolean | undefined;
}

export interface TransportOptions extends Partial<Timing> {
  /** Which servers of a realm; any KDC if not given. */
  readonly service?: ServiceName;
  readonly trace?: Trace;
  /** DNS look-ups; those of the system's resolver if not given. */
  readonly lookupSrv?: SrvLookup;
  readonly lookupUri?: UriLookup;
}

/**
 * A datagram is sent to a silent KDC after 0, 2, 6 and 14 s. The last one is given 6 s, more than any answer takes:
 * MIT, with one more pause, gives up after some 27 s, which is longer than people wait. Until one has answered, the
 * KDCs of a realm are tried in quick succession, so that a dead one costs no more than a slow one would.
 */
const TIMING: Timing = { timeout: 20, stagger: 0.08, patience: 1, resendAfter: [2, 4, 8] };

/** More datagrams at a time would overflow a KDC's socket, and more connections its process. */
const MAX_EXCHANGES = 32;

/** The longest time a timer takes, in milliseconds; beyond it, it would fire at once. */
const MAX_TIMER = 0x7fffffff;

/**
 * A transport to the KDCs that the profile or DNS names; the KDC that answered last is tried first. Of many
 * simultaneous exchanges with one realm, 32 proceed and the others wait, within their time.
 */
export function createTransport(config: Config, options: TransportOptions = {}): Transport {
  const { trace = () => {}, lookupSrv = createSrvLookup(), lookupUri = lookupUriOfSystem } = options;
  const service = SERVICES[options.service ?? 'kdc'];
  const { stagger, patience, resendAfter } = { ...TIMING, ...options };
  const lastWinners = new Map<string, Target>();
  const turns = new Turns(MAX_EXCHANGES);

  const carry: Transport = async (realm, request, signal) => {
    const timeout = options.timeout ?? (config.libdefaults.requestTimeout || TIMING.timeout);
    const budget = startBudget(timeout, signal);
    const isOurTurn = await turns.take(realm, budget.signal);
    try {
      if (!isOurTurn) throw unreachable(realm, []);
      trace(`Sending request (${request.length} bytes) to ${realm}`, { kind: 'exchange', realm });
      const servers = await locateServers(config, realm, {
        service,
        lookupSrv,
        lookupUri,
        signal: budget.signal,
        trace,
      });
      tellServers(servers, { realm, service: options.service ?? 'kdc', trace });
      const datagramFirst = request.length <= config.libdefaults.udpPreferenceLimit;
      const known = lastWinners.get(realm);
      const targets = preferWinner(orderTargets(servers, datagramFirst), known, datagramFirst);
      const { winner, attempts } = await raceTargets(targets, request, {
        service,
        // A KDC that has answered before is not taken for dead so soon: a second one would count a wrong password
        // again.
        stagger: known === undefined ? stagger : patience,
        patience,
        resendAfter,
        trace,
        signal: budget.signal,
      });
      if (winner === undefined) throw unreachable(realm, attempts);
      lastWinners.set(realm, winner.target);
      return winner.reply;
    } catch (error) {
      trace(`No server of ${realm} has answered`, { kind: 'unanswered', realm });
      if (signal?.aborted !== true) throw error;
      const attempts = error instanceof TransportError ? error.attempts : [];
      throw new TransportError('ABORTED', 'aborted', realm, attempts, { cause: signal.reason });
    } finally {
      budget.end();
      if (isOurTurn) turns.give(realm);
    }
  };
  return Object.assign(carry, { realmOfHost: config.realmOfHost });
}

function unreachable(realm: string, attempts: readonly TransportAttempt[]): TransportError {
  return new TransportError(
    'KDC_UNREACHABLE',
    `Cannot contact any KDC for realm '${realm}'`,
    realm,
    attempts,
  );
}

function tellServers(
  servers: readonly Server[],
  { realm, service, trace }: { readonly realm: string; readonly service: string; readonly trace: Trace },
): void {
  const told = servers.map(({ host, port, found }) => ({
    server: port === 0 ? host : `${host}:${port}`,
    found,
  }));
  const text = told.map(({ server, found }) => `${server} (${found})`).join(', ');
  trace(`Servers of ${realm}: ${text}`, { kind: 'servers', realm, service, servers: told });
}

/** Loaded when a realm has to be found by DNS. */
const lookupUriOfSystem: UriLookup = async (...question) => {
  const { createUriLookup } = await import('./uri.ts');
  return createUriLookup()(...question);
};

/**
 * A signal that is aborted after `seconds`, when `within` is, or when it is ended; ending it closes what still runs.
 */
function startBudget(
  seconds: number,
  within: AbortSignal | undefined,
): { readonly signal: StopSignal; end(): void } {
  const outer = within && sharedSignal(within);
  const signal = new StopController();
  const abort = (): void => signal.abort();
  const timer = setTimeout(abort, Math.min(seconds * 1000, MAX_TIMER));
  outer?.addEventListener('abort', abort);
  if (outer?.aborted) abort();
  return {
    signal,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
      abort();
    },
  };
}

/**
 * Moves the targets of the KDC that answered last to the front, starting with the protocol that worked if it suits this
 * request.
 */
function preferWinner(
  targets: readonly Target[],
  winner: Target | undefined,
  datagramFirst: boolean,
): readonly Target[] {
  if (winner === undefined) return targets;
  const same = targets.filter(({ host, port }) => host === winner.host && port === winner.port);
  const others = targets.filter(target => !same.includes(target));
  const suits = datagramFirst || winner.protocol !== 'udp';
  if (same.length === 0 || !suits) return [...same, ...others];
  const rest =
    winner.address === undefined ? same.filter(({ protocol }) => protocol !== winner.protocol) : same;
  return [winner, ...rest, ...others];
}
