import { createServer } from 'node:net';
import { KcmFailure } from '../ccache/kcm/failure.ts';
import { encodeFailure, KCM_RESULT } from '../ccache/kcm/protocol.ts';
import type { ExchangeOptions } from '../client/options.ts';
import { CodecError, type ErrorCode, KerberosError } from '../errors.ts';
import { type ConnectionLimits, serveConnections } from './connections.ts';
import { type AgentState, answerRequest } from './handlers.ts';
import { type AgentSocket, type BoundSocket, listenPrivately } from './listen.ts';
import { type Renewal, startRenewal } from './renewal.ts';
import { Replies } from './replies.ts';
import type { Soon } from './soon.ts';
import type { AgentStore } from './store.ts';

export interface AgentOptions {
  readonly socket: AgentSocket;
  readonly store: AgentStore;
  /** The user whose agent it is: names of new caches begin with this number. */
  readonly uid: number;
  readonly pid: number;
  /** The directory for locks. */
  readonly dataDirectory: string;
  /** Our clock; the system's if not given. */
  readonly now?: (() => Date) | undefined;
  /** How to renew tickets; they are not renewed if not given. */
  readonly renewal?: ExchangeOptions | undefined;
  /**
   * Seconds without a client after which the agent ends; never if not given, nor while it holds a cache only in memory.
   */
  readonly idle?: number | undefined;
  readonly limits?: ConnectionLimits | undefined;
  /** Called with each problem, as a line of text. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A running KCM server. */
export interface Agent {
  /** Resolves when the agent has ended, by itself or by `close`. */
  readonly closed: Promise<void>;
  /** Answers pending requests and ends. */
  close(): Promise<void>;
}

/** Serves the caches of a store to KCM clients on a UNIX socket. Throws KerberosError AGENT_LISTEN. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { store, uid, now = () => new Date(), log = () => undefined } = options;
  const complain = rarely(log);
  const started = now();
  let requests = 0;
  let renewal: Renewal | undefined;
  let place: { leave(): void } | undefined;
  const server = createServer({ allowHalfOpen: true });
  const state: AgentState = {
    store,
    uid,
    now,
    replies: new Replies(now),
    async status() {
      const caches = await store.peek();
      return {
        pid: options.pid,
        kind: store.kind,
        locked: store.locked ? 1 : 0,
        caches: caches?.members.size ?? -1,
        clients: connections.size,
        requests,
        started: Math.floor(started.getTime() / 1000),
      };
    },
    changed: () => renewal?.wake(),
    // Only after its answer has been sent.
    stop: () => void setImmediate(end),
  };
  const connections = serveConnections(
    server,
    request => {
      requests++;
      return answer(request, state, complain);
    },
    options.limits,
  );
  const idle = watchIdle(options, { clients: () => connections.size, requests: () => requests, end });
  let bound: BoundSocket;
  try {
    bound = await listenPrivately(server, options.socket, options);
  } catch (error) {
    idle.stop();
    server.close();
    connections.close();
    throw error;
  }
  place = watchPlace(bound, () => {
    log('Its socket has been removed: the agent ends');
    end();
  });
  renewal = options.renewal && startRenewal(store, { ...options.renewal, now, log });
  const closed = new Promise<void>(resolve => server.once('close', resolve)).then(() => connections.closed);
  return {
    closed,
    close() {
      end();
      return closed;
    },
  };

  function end(): void {
    idle.stop();
    renewal?.stop();
    place?.leave();
    // Once: the system may give the next agent's socket the same number.
    place = undefined;
    server.close();
    connections.close();
  }
}

function answer(request: Uint8Array, state: AgentState, log: (line: string) => void): Soon<Uint8Array> {
  try {
    const reply = answerRequest(request, state);
    return reply instanceof Promise ? reply.catch(error => refuse(error, log)) : reply;
  } catch (error) {
    return refuse(error, log);
  }
}

function refuse(error: unknown, log: (line: string) => void): Uint8Array {
  if (error instanceof KcmFailure) return encodeFailure(error.result, error.sentence);
  if (error instanceof CodecError) return encodeFailure(KCM_RESULT.FORMAT, 'The request is malformed');
  if (error instanceof KerberosError) {
    // Native clients do not see this sentence.
    log(error.message);
    return encodeFailure(resultOf(error.code), error.message);
  }
  log(`Internal error: ${error instanceof Error ? error.message : String(error)}`);
  return encodeFailure(KCM_RESULT.PERM);
}

/** Milliseconds before the same is logged again: many programs may meet with one problem. */
const REPEAT_AFTER = 600_000;
/** Sentences to remember; they may name what clients ask for. */
const MAX_REMEMBERED = 100;

function rarely(log: (line: string) => void): (line: string) => void {
  const logged = new Map<string, number>();
  return line => {
    const now = performance.now();
    if (now - (logged.get(line) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER) return;
    if (logged.size >= MAX_REMEMBERED) logged.clear();
    logged.set(line, now);
    log(line);
  };
}

/** Clients would take IO and INTERNAL for a reason to try another way. */
function resultOf(code: ErrorCode): number {
  return code === 'CACHE_NOT_FOUND' ? KCM_RESULT.NOFILE : KCM_RESULT.PERM;
}

/** Milliseconds between two looks at the socket. */
const LOOK_INTERVAL = 10_000;

/** Once the socket is gone, with its directory at the end of a session for example, nobody can use the agent or stop it. */
function watchPlace(bound: BoundSocket, gone: () => void): { leave(): void } {
  const timer = setInterval(() => {
    if (!bound.isThere()) gone();
  }, LOOK_INTERVAL);
  return {
    leave() {
      clearInterval(timer);
      bound.remove();
    },
  };
}

interface Use {
  clients(): number;
  /** How many requests there have been. */
  requests(): number;
  end(): void;
}

/** Ends the agent when nobody has asked or been connected for so long. */
function watchIdle({ idle, store }: AgentOptions, { clients, requests, end }: Use): { stop(): void } {
  if (idle === undefined) return { stop: () => undefined };
  let last = performance.now();
  let seen = 0;
  const timer = setInterval(
    async () => {
      if (clients() > 0 || requests() > seen) last = performance.now();
      seen = requests();
      if (performance.now() - last < idle * 1000) return;
      const losing = store.kind === 'memory' && (await store.read()).members.size > 0;
      if (!losing) end();
    },
    Math.min(idle * 250, 10_000),
  );
  return { stop: () => clearInterval(timer) };
}
