import { KerberosError } from '../errors.ts';
import { mayNegotiate } from './allowed.ts';
import { findNegotiate } from './challenge.ts';
import { bareHost } from './connect.ts';
import type { NegotiateOptions } from './options.ts';
import { Party } from './party.ts';
import { type ReplayBody, replayBody } from './replay-body.ts';
import { type Controller, SteadyController } from './steady-controller.ts';

// The part of undici's dispatcher that we use, from version 7 on.

/** The options of a dispatched request. */
export interface DispatchRequest {
  readonly origin?: string | URL | undefined;
  readonly path: string;
  readonly method: string;
  readonly headers?: unknown;
  readonly body?: unknown;
}

type ResponseHeaders = Record<string, string | string[] | undefined>;

/** The events of a response. */
export interface DispatchHandler {
  onRequestStart?(controller: Controller, context: never): void;
  onRequestUpgrade?(
    controller: Controller,
    statusCode: number,
    headers: ResponseHeaders,
    socket: never,
  ): void;
  onResponseStart?(
    controller: Controller,
    statusCode: number,
    headers: ResponseHeaders,
    message?: string,
  ): void;
  onResponseData?(controller: Controller, chunk: never): void;
  onResponseEnd?(controller: Controller, trailers: never): void;
  onResponseError?(controller: Controller, error: Error): void;
}

/** The maximum of requests for one response. */
const MAX_ROUNDS = 12;
const MAX_BODY_HELD = 1 << 20;

type Dispatch<R, H> = (request: R, handler: H) => boolean;

export interface InterceptorOptions
  extends Pick<NegotiateOptions, 'open' | 'mutual' | 'delegation' | 'preemptive' | 'bodyLimit'> {
  /** The hosts to authenticate to, as for `negotiateFetch`; must be given, because redirects are not visible here. */
  readonly hosts: NonNullable<NegotiateOptions['hosts']>;
  /**
   * The origin of a dispatcher for a single one, whose requests need not name it; without it, such requests pass
   * unchanged.
   */
  readonly origin?: string | URL | undefined;
}

/** For `dispatcher.compose`. */
export type Interceptor = <R extends DispatchRequest, H extends DispatchHandler>(
  dispatch: Dispatch<R, H>,
) => Dispatch<R, H>;

/**
 * An undici interceptor that authenticates by Negotiate (RFC 4559) where a server asks for it, as `negotiateFetch`
 * does. The sockets belong to undici: contexts are not bound to them, and a streamed body is sent before the server has
 * asked for authentication, and again afterwards if it has at most `bodyLimit` bytes.
 */
export function negotiateInterceptor(options: InterceptorOptions): Interceptor {
  const { open, mutual = 'required', delegation = 'none', preemptive = false } = options;
  const { bodyLimit = MAX_BODY_HELD } = options;
  return <R extends DispatchRequest, H extends DispatchHandler>(dispatch: Dispatch<R, H>) =>
    (request: R, handler: H): boolean => {
      const { origin = options.origin } = request;
      if (origin === undefined) return dispatch(request, handler);
      // A path may look like the URL of another host; the request goes to the origin all the same.
      const url = new URL(origin);
      const headers = headersOf(request.headers);
      if (!mayNegotiate(url, options) || headers.some(([name]) => name.toLowerCase() === 'authorization')) {
        return dispatch(request, handler);
      }
      const controller = new SteadyController();
      const { signal } = controller;
      const party = new Party({
        name: url.host,
        mutual,
        open: async () => {
          signal.throwIfAborted();
          return open({ host: bareHost(url), delegation, signal });
        },
      });
      const body = replayBody(request.body, bodyLimit);
      let rounds = 0;
      const send = (): boolean => {
        signal.throwIfAborted();
        const { credentials } = party;
        const more = credentials === undefined ? [] : [['authorization', credentials] as const];
        const sent = { ...request, body: body.send(), headers: [...headers, ...more].flat() };
        const again = ++rounds < MAX_ROUNDS ? send : undefined;
        const negotiating = new NegotiatingHandler(handler, { controller, party, body, again });
        return dispatch(sent, negotiating as DispatchHandler as H);
      };
      if (!preemptive) return send();
      // From here on, the request can be aborted.
      handler.onRequestStart?.(controller, {} as never);
      party
        .begin()
        .then(send)
        .catch((error: Error) => {
          body.end();
          handler.onResponseError?.(controller, controller.reason ?? error);
        });
      return true;
    };
}

/** One sending of a request. */
interface Attempt {
  readonly controller: SteadyController;
  readonly party: Party;
  readonly body: ReplayBody;
  /** Sends it again; undefined for the last time. */
  readonly again: (() => boolean) | undefined;
}

/** Passes on the response to the last request, and handles the earlier ones itself. */
class NegotiatingHandler implements DispatchHandler {
  private readonly next: DispatchHandler;
  private readonly controller: SteadyController;
  private readonly party: Party;
  private readonly body: ReplayBody;
  private readonly again: (() => boolean) | undefined;
  /** The challenge to answer once its response has been read. */
  private challenge: string | undefined;
  /** The response may end before its token has been verified. */
  private looking: Promise<boolean> = Promise.resolve(true);

  constructor(next: DispatchHandler, { controller, party, body, again }: Attempt) {
    this.next = next;
    this.controller = controller;
    this.party = party;
    this.body = body;
    this.again = again;
  }

  onRequestStart(sending: Controller, context: never): void {
    this.controller.follow(sending);
    this.next.onRequestStart?.(this.controller, context);
  }

  onRequestUpgrade(_: Controller, status: number, headers: ResponseHeaders, socket: never): void {
    this.next.onRequestUpgrade?.(this.controller, status, headers, socket);
  }

  onResponseStart(sending: Controller, status: number, headers: ResponseHeaders, message?: string): void {
    const { controller } = this;
    const header = [headers['www-authenticate'] ?? []].flat().join(', ');
    if (status === 401) {
      if (this.again && this.body.replayable && this.answers(header)) this.challenge = header;
      else this.next.onResponseStart?.(controller, status, headers, message);
      return;
    }
    if (status < 200 || !this.party.begun) {
      this.next.onResponseStart?.(controller, status, headers, message);
      return;
    }
    const success = status < 300;
    sending.pause();
    this.looking = this.party.passed(header, { success }).then(
      () => {
        this.next.onResponseStart?.(controller, status, headers, message);
        if (!controller.paused) sending.resume();
        return true;
      },
      (error: Error) => {
        controller.abort(error);
        return false;
      },
    );
  }

  onResponseData(_: Controller, chunk: never): void {
    if (this.challenge === undefined) this.next.onResponseData?.(this.controller, chunk);
  }

  onResponseEnd(sending: Controller, trailers: never): void {
    const { challenge, again } = this;
    if (challenge !== undefined && again !== undefined) {
      this.party
        .challenged(challenge)
        .then(answered => {
          if (!answered) throw new KerberosError('HTTP', 'The server refuses our authentication');
          again();
        })
        .catch((error: Error) => this.onResponseError(sending, this.controller.reason ?? error));
      return;
    }
    this.body.end();
    void this.looking.then(passed => passed && this.next.onResponseEnd?.(this.controller, trailers));
  }

  onResponseError(_: Controller, error: Error): void {
    this.body.end();
    this.next.onResponseError?.(this.controller, error);
  }

  private answers(header: string): boolean {
    try {
      const challenge = findNegotiate(header);
      return challenge !== undefined && (!this.party.begun || challenge.token !== undefined);
    } catch {
      return false;
    }
  }
}

/** Headers as a list of alternating names and values, as pairs, or as an object. */
function headersOf(headers: unknown): readonly (readonly [string, unknown])[] {
  if (headers === undefined || headers === null) return [];
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    return headers.flatMap((name, i) => (i % 2 === 0 ? [[String(name), headers[i + 1]] as const] : []));
  }
  const pairs =
    Symbol.iterator in (headers as object)
      ? [...(headers as Iterable<[string, unknown]>)]
      : Object.entries(headers);
  return pairs;
}
