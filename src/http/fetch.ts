import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import { KerberosError } from '../errors.ts';
import type { Body } from './body.ts';
import { createExchange, type Exchange, type HttpRequest } from './exchange.ts';
import { discard } from './line.ts';
import { type NegotiateOptions, negotiated, noteNegotiated } from './options.ts';

const MAX_REDIRECTS = 20;
const REDIRECTS = [301, 302, 303, 307, 308];
const NULL_BODY = [204, 205, 304];
const ENCODINGS = 'gzip, deflate, br';

/**
 * A fetch function that authenticates by Negotiate (RFC 4559) where a server or a proxy asks for it. Over node:http and
 * node:https: the global fetch lets nobody see its sockets, to which contexts are bound, of one leg or several. It
 * rejects with TypeError as fetch does, but with the KerberosError where it is one.
 */
export function negotiateFetch(options: NegotiateOptions): typeof fetch {
  const exchange = createExchange(options);
  return async (input, init) => {
    const request = new Request(input, init);
    const body = await bodyOf(request, init?.body ?? (input instanceof Request ? input.body : undefined));
    try {
      return await follow(request, body, exchange);
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason;
      if (error instanceof KerberosError || error instanceof TypeError) throw error;
      throw new TypeError('fetch failed', { cause: error });
    }
  };
}

async function follow(request: Request, body: Body, exchange: Exchange): Promise<Response> {
  const first = new URL(request.url);
  let next: HttpRequest = {
    url: first,
    method: request.method,
    headers: headersOf(request.headers),
    body,
    signal: request.signal,
  };
  for (let redirects = 0; ; redirects++) {
    const { url } = next;
    const message = await exchange(next);
    const location = REDIRECTS.includes(message.statusCode ?? 0) ? message.headers.location : undefined;
    if (location === undefined || request.redirect === 'manual') {
      const decode = !request.headers.has('accept-encoding');
      try {
        return toResponse(message, { url, method: next.method, decode }, redirects);
      } catch (error) {
        // Such as a status that no Response can have.
        message.destroy();
        throw error;
      }
    }
    void discard(message);
    if (request.redirect === 'error') throw new TypeError('unexpected redirect');
    if (redirects === MAX_REDIRECTS) throw new TypeError('redirect count exceeded');
    const target = new URL(location, url);
    if (target.protocol !== 'http:' && target.protocol !== 'https:') {
      throw new TypeError('URL scheme must be a HTTP(S) scheme');
    }
    target.hash ||= url.hash;
    const secure = next.redirected?.secure === true || url.protocol === 'https:';
    next = { ...redirectedTo(target, next, message.statusCode!), redirected: { first, secure } };
  }
}

/** The request that a redirect asks for: nobody else's credentials go to another host (Fetch §4.4). */
function redirectedTo(target: URL, request: HttpRequest, status: number): HttpRequest {
  const { url, method } = request;
  const asGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  if (!asGet && request.body instanceof Readable) throw new TypeError('a streamed body cannot be sent again');
  const dropped = [
    'host',
    ...(asGet
      ? ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']
      : []),
    ...(target.origin === url.origin ? [] : ['authorization', 'proxy-authorization', 'cookie']),
  ];
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !dropped.includes(name)),
  );
  return { ...request, url: target, headers, ...(asGet && { method: 'GET', body: undefined }) };
}

/** What can be sent again is read whole; a stream is left one. */
async function bodyOf(request: Request, given: unknown): Promise<Body> {
  if (request.body === null) return undefined;
  const streamed =
    given instanceof ReadableStream ||
    (typeof given === 'object' && given !== null && Symbol.asyncIterator in given);
  if (!streamed) return new Uint8Array(await request.arrayBuffer());
  return Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]);
}

function headersOf(headers: Headers): OutgoingHttpHeaders {
  const defaults = {
    accept: '*/*',
    'accept-language': '*',
    'accept-encoding': ENCODINGS,
    'user-agent': 'krb5kit',
  };
  return { ...defaults, ...Object.fromEntries(headers) };
}

interface Origin {
  readonly url: URL;
  readonly method: string;
  /** Whether we, and not the caller, asked for an encoding. */
  readonly decode: boolean;
}

function toResponse(message: IncomingMessage, { url, method, decode }: Origin, redirects: number): Response {
  const { statusCode: status = 0, statusMessage: statusText = '' } = message;
  const headers = new Headers();
  for (const [name, values] of Object.entries(message.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const empty = method === 'HEAD' || NULL_BODY.includes(status);
  if (empty) message.resume();
  const body = empty ? null : (Readable.toWeb(decode ? decoded(message) : message) as ReadableStream);
  const response = new Response(body, { status, statusText, headers });
  const { href } = url;
  Object.defineProperties(response, {
    url: { value: href.slice(0, href.length - url.hash.length) },
    redirected: { value: redirects > 0 },
  });
  noteNegotiated(response, negotiated(message));
  return response;
}

function decoded(message: IncomingMessage): Readable {
  const coding = message.headers['content-encoding']?.toLowerCase();
  const decoder =
    coding === 'br'
      ? createBrotliDecompress()
      : coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate'
        ? createUnzip()
        : undefined;
  if (decoder === undefined) return message;
  message.once('error', error => decoder.destroy(error));
  decoder.once('close', () => message.destroy());
  return message.pipe(decoder);
}
