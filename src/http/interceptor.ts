import { KerberosError } from '../errors.ts';
import { mayNegotiate } from './allowed.ts';
import { findNegotiate } from './challenge.ts';
import { bareHost } from './connect.ts';
import type { NegotiateOptions } from './options.ts';
import { Party } from './party.ts';

// As much of undici's dispatcher as we touch, from its version 7 on.

/** What is dispatched. */
export interface DispatchRequest {
  readonly origin?: string | URL | undefined;
  readonly path: string;
  readonly method: string;
  readonly headers?: unknown;
  readonly body?: unknown;
}

interface Controller {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

type ResponseHeaders = Record<string, string | string[] | undefined>;

/** What is told of the response. */
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

/** Requests for one response. */
const MAX_ROUNDS = 12;

type Dispatch<R, H> = (request: R, handler: H) => boolean;

export interface InterceptorOptions
  extends Pick<NegotiateOptions, 'open' | 'mutual' | 'delegation' | 'preemptive'> {
  /** The hosts that may be authenticated to, as for `negotiateFetch`: who follows redirects is not known here. */
  readonly hosts: NonNullable<NegotiateOptions['hosts']>;
  /** Where a dispatcher of one origin leads, whose requests need not say so: without it they pass as they are. */
  readonly origin?: string | URL | undefined;
}

/** For `dispatcher.compose`. */
export type Interceptor = <R extends DispatchRequest, H extends DispatchHandler>(
  dispatch: Dispatch<R, H>,
) => Dispatch<R, H>;

/**
 * An undici interceptor that authenticates by Negotiate (RFC 4559) where a server asks for it, as `negotiateFetch` does.
 * The sockets are undici's own: contexts are not bound to them, and a streamed body is sent after preemptive
 * authentication only.
 */
export function negotiateInterceptor(options: InterceptorOptions): Interceptor {
  const { open, mutual = 'required', delegation = 'none', preemptive = false } = options;
  return <R extends DispatchRequest, H extends DispatchHandler>(dispatch: Dispatch<R, H>) =>
    (request: R, handler: H): boolean => {
      const { origin = options.origin } = request;
      if (origin === undefined) return dispatch(request, handler);
      // A path may look like another host's URL: the request goes to the origin.
      const url = new URL(origin);
      const headers = headersOf(request.headers);
      if (!mayNegotiate(url, options) || headers.some(([name]) => name.toLowerCase() === 'authorization')) {
        return dispatch(request, handler);
      }
      const party = new Party({
        name: url.host,
        mutual,
        open: () => open({ host: bareHost(url), delegation }),
      });
      let rounds = 0;
      const send = (): boolean => {
        const { credentials } = party;
        const more = credentials === undefined ? [] : [['authorization', credentials] as const];
        const sent = { ...request, headers: [...headers, ...more].flat() };
        const again = isReplayable(request.body) && ++rounds < MAX_ROUNDS ? send : undefined;
        return dispatch(sent, new NegotiatingHandler(handler, party, again) as DispatchHandler as H);
      };
      if (!preemptive) return send();
      party.begin().then(send, (error: Error) => handler.onResponseError?.(unstarted, error));
      return true;
    };
}

/** What a handler is given of a request that was never sent. */
const unstarted: Controller = { abort: () => undefined, pause: () => undefined, resume: () => undefined };

/** Passes on the response to the last request, and answers those before it. */
class NegotiatingHandler implements DispatchHandler {
  private readonly next: DispatchHandler;
  private readonly party: Party;
  private readonly again: (() => boolean) | undefined;
  /** The challenge to be answered once its response has been read. */
  private challenge: string | undefined;
  /** The end may come before the proof has been looked at. */
  private looking: Promise<boolean> = Promise.resolve(true);

  constructor(next: DispatchHandler, party: Party, again: (() => boolean) | undefined) {
    this.next = next;
    this.party = party;
    this.again = again;
  }

  onRequestStart(controller: Controller, context: never): void {
    this.next.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: ResponseHeaders, socket: never): void {
    this.next.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStart(controller: Controller, status: number, headers: ResponseHeaders, message?: string): void {
    const header = [headers['www-authenticate'] ?? []].flat().join(', ');
    if (status === 401) {
      if (this.again && this.answers(header)) this.challenge = header;
      else this.next.onResponseStart?.(controller, status, headers, message);
      return;
    }
    if (status < 200 || !this.party.begun) {
      this.next.onResponseStart?.(controller, status, headers, message);
      return;
    }
    const success = status < 300;
    controller.pause();
    this.looking = this.party.passed(header, { success }).then(
      () => {
        this.next.onResponseStart?.(controller, status, headers, message);
        controller.resume();
        return true;
      },
      (error: Error) => {
        controller.abort(error);
        return false;
      },
    );
  }

  onResponseData(controller: Controller, chunk: never): void {
    if (this.challenge === undefined) this.next.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: never): void {
    const { challenge, again } = this;
    if (challenge !== undefined && again !== undefined) {
      this.party
        .challenged(challenge)
        .then(answered => {
          if (!answered) throw new KerberosError('HTTP', 'The server asks for more than there is to say');
          again();
        })
        .catch((error: Error) => this.next.onResponseError?.(controller, error));
      return;
    }
    void this.looking.then(passed => passed && this.next.onResponseEnd?.(controller, trailers));
  }

  onResponseError(controller: Controller, error: Error): void {
    this.next.onResponseError?.(controller, error);
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

function isReplayable(body: unknown): boolean {
  return body === undefined || body === null || typeof body === 'string' || ArrayBuffer.isView(body);
}

/** A list of names and values in turn, pairs, or an object. */
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
