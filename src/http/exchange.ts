import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { errnoOf } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import { mayNegotiate, type Redirected } from './allowed.ts';
import { type Body, heldBack } from './body.ts';
import { findNegotiate } from './challenge.ts';
import { bareHost } from './connect.ts';
import { drain, type Line, type LineRequest } from './line.ts';
import { Lines } from './lines.ts';
import { type NegotiateOptions, noteNegotiated } from './options.ts';
import { Party } from './party.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Body;
  readonly signal?: AbortSignal | undefined;
  readonly redirected?: Redirected | undefined;
}

/** Sends one request, repeatedly until the server is satisfied with its authentication; follows no redirects. */
export type Exchange = (request: HttpRequest) => Promise<IncomingMessage>;

const MAX_BODY_HELD = 1 << 20;
/** The maximum of requests for one response; Kerberos takes two for the server and two for the proxy. */
const MAX_ROUNDS = 12;
/** What may be sent again if the server has closed the connection meanwhile (RFC 9110 §9.2.2). */
const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];

/** Makes a client with connections of its own. */
export function createExchange(options: NegotiateOptions): Exchange {
  const lines = new Lines(options);
  return async given => {
    const proxy = proxyFor(given.url, options);
    const { bodyLimit: limit = MAX_BODY_HELD } = options;
    const mayBeAsked = authenticates(given, options) || inTheOpen(given.url, proxy);
    const body = mayBeAsked ? await heldBack(given.body, { limit, signal: given.signal }) : given.body;
    const request = { ...given, body };
    const line = await lines.take(request.url, proxy, request.signal);
    const conversation = new Conversation(request, { options, lines, proxy });
    try {
      return await conversation.run(line);
    } catch (error) {
      const outlived = isReset(error) && conversation.wasIdle;
      const again = outlived && (body === undefined || body instanceof Uint8Array);
      if (!again || !IDEMPOTENT.includes(request.method)) throw error;
      return new Conversation(request, { options, lines, proxy }).run(
        await lines.take(request.url, proxy, request.signal),
      );
    }
  };
}

interface Surroundings {
  readonly options: NegotiateOptions;
  readonly lines: Lines;
  readonly proxy: URL | undefined;
}

/** The requests and responses that lead to one response. */
class Conversation {
  private readonly request: HttpRequest;
  private readonly around: Surroundings;
  private line!: Line;
  private origin: Party | undefined;
  private proxy: Party | undefined;
  private bodySent = false;
  private manyLegs = false;
  private over = false;

  constructor(request: HttpRequest, around: Surroundings) {
    this.request = request;
    this.around = around;
  }

  /** Whether the last request was sent over a connection that had been idle, and that a server may close at any time. */
  get wasIdle(): boolean {
    return this.line.used > 1 && !this.manyLegs;
  }

  async run(line: Line): Promise<IncomingMessage> {
    try {
      await this.meet(line);
      // A body that can be sent only once is held back until we know whether the server demands authentication.
      let probing = this.request.body instanceof Readable && this.origin !== undefined && !this.origin.begun;
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const response = await this.send(probing);
        const answered = await this.answer(response);
        if (!answered && !probing) {
          this.over = true;
          return response;
        }
        if (!answered) await this.goOn(response);
        probing &&= answered && this.origin?.credentials === undefined;
      }
      throw new KerberosError('HTTP', `${this.request.url.host} asks for ever who we are`);
    } catch (error) {
      this.line.close();
      throw error;
    }
  }

  /** Takes a connection, with nothing said yet to those at its other end. */
  private async meet(line: Line): Promise<void> {
    const { request, around } = this;
    const { open, channelBindings = true, delegation = 'none', mutual = 'required' } = around.options;
    const { url, signal } = request;
    this.line = line;
    this.proxy = this.inTheOpen ? around.lines.party(around.proxy!, line.bindings, signal) : undefined;
    if (!authenticates(request, around.options)) return;
    this.origin = new Party({
      name: url.host,
      mutual,
      open: () =>
        open({
          host: bareHost(url),
          delegation,
          channelBindings: channelBindings && !this.inTheOpen ? line.bindings : undefined,
          signal,
        }),
    });
    if (!around.options.preemptive) return;
    await this.origin.begin();
    await this.stayConnected();
  }

  private get inTheOpen(): boolean {
    return inTheOpen(this.request.url, this.around.proxy);
  }

  private send(probing: boolean): Promise<IncomingMessage> {
    const { url, headers, body, method, signal } = this.request;
    const { lines, proxy } = this.around;
    if (body instanceof Readable && this.bodySent) {
      throw new KerberosError('HTTP', 'The body has been sent and cannot be sent again');
    }
    this.bodySent ||= !probing;
    const { line } = this;
    const request: LineRequest = {
      method: probing ? 'HEAD' : method,
      target: this.inTheOpen ? url.origin + url.pathname + url.search : url.pathname + url.search,
      headers: {
        Host: url.host,
        ...(probing ? withoutBody(headers) : headers),
        ...(this.origin?.credentials && { Authorization: this.origin.credentials }),
        ...(this.proxy?.credentials && { 'Proxy-Authorization': this.proxy.credentials }),
      },
      body: probing ? undefined : body,
      signal,
    };
    return line.send(request, () => this.over && lines.give(url, proxy, line));
  }

  /** Whether the response asks for something that the next request will say. */
  private async answer(response: IncomingMessage): Promise<boolean> {
    const { statusCode = 0, headers } = response;
    const success = statusCode >= 200 && statusCode < 300;
    if (statusCode === 407) return this.answerTo('proxy', headers['proxy-authenticate'], response);
    const proof = headers['proxy-authentication-info'] ?? headers['proxy-authenticate'];
    await this.proxy?.passed(proof?.toString(), { success });
    if (statusCode === 401) return this.answerTo('origin', headers['www-authenticate'], response);
    noteNegotiated(response, await this.origin?.passed(headers['www-authenticate'], { success }));
    return false;
  }

  private async answerTo(
    who: 'origin' | 'proxy',
    header: string | undefined,
    response: IncomingMessage,
  ): Promise<boolean> {
    const begun = this[who]?.begun;
    // A context may be bound to its connection: if that has come to its end, the new one is needed first.
    if (begun === false && findNegotiate(header) !== undefined) await this.goOn(response);
    const answered = (await this[who]?.challenged(header)) ?? false;
    if (begun === false && answered) await this.stayConnected();
    if (begun && answered) {
      this.manyLegs = true;
      if (!(await drain(response, this.line))) {
        throw new KerberosError('HTTP', `${this.request.url.host} hung up on a negotiation`);
      }
    }
    return answered;
  }

  /** Takes a new connection where this one was lost while a ticket was fetched: a first token is bound to a certificate at most. */
  private async stayConnected(): Promise<void> {
    if (this.line.idle) return;
    this.line.close();
    this.line = await this.takeLine();
  }

  private takeLine(): Promise<Line> {
    const { url, signal } = this.request;
    return this.around.lines.take(url, this.around.proxy, signal);
  }

  /** Makes ready for the next request, on a new connection where the server has closed this one. */
  private async goOn(response: IncomingMessage): Promise<void> {
    if (!(await drain(response, this.line))) await this.meet(await this.takeLine());
  }
}

/** Whether a proxy reads the requests, which are then for a URL in full (RFC 9112 §3.2.2). */
function inTheOpen(url: URL, proxy: URL | undefined): boolean {
  return proxy !== undefined && url.protocol === 'http:';
}

/** Whether a request is to say who it is from, if it does not do so itself. */
function authenticates({ url, headers, redirected }: HttpRequest, options: NegotiateOptions): boolean {
  const speaksForItself = Object.keys(headers).some(name => name.toLowerCase() === 'authorization');
  return !speaksForItself && mayNegotiate(url, options, redirected);
}

function proxyFor(url: URL, { proxy }: NegotiateOptions): URL | undefined {
  const found = typeof proxy === 'function' ? proxy(url) : proxy;
  return found === undefined ? undefined : new URL(found);
}

function withoutBody(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const ofBody = /^(?:content-.*|transfer-encoding|expect|trailer)$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofBody.test(name)));
}

function isReset(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(errnoOf(error) ?? '');
}
