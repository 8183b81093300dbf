import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { Authenticated } from './authenticated.ts';
import { type AcceptContextsOptions, acceptContexts } from './contexts.ts';
import { freshKeytab } from './fresh-keytab.ts';
import {
  type AcceptContext,
  type Authenticate,
  createAuthenticate,
  type RefusalOptions,
  type ServerReply,
  type ServerRequest,
} from './server.ts';

export interface NegotiateServerOptions extends AcceptContextsOptions, RefusalOptions {
  /** The service's keys; a file is read again when it has changed. */
  readonly keytab: Keytab;
  /** Makes the acceptor's contexts; made from the other options if not given. */
  readonly accept?: AcceptContext | undefined;
  /** Selects the principals of the keytab to accept clients with; every `HTTP/…` if not given. */
  readonly services?: ((principal: Principal) => boolean) | undefined;
  /** Whether contexts over TLS are bound to the server's certificate; true if not given. */
  readonly channelBindings?: boolean | undefined;
  /** Called when the keytab has changed but cannot be read whole; the previous keys stay in use. */
  readonly onStale?: ((error: KerberosError) => void) | undefined;
  /**
   * Called with any other error before a handler is called, such as one in `unauthorized`; the response is 500. The
   * middleware and `authenticate` pass such errors on instead.
   */
  readonly onError?: ((error: unknown, request: ServerRequest) => void) | undefined;
}

/** What `node:http` and `node:http2` call for a request. */
export type Handler<Q = IncomingMessage, S = ServerResponse> = (request: Q, response: S) => void;

/** What Express and Connect call for a request. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** HTTP Negotiate for a server, in the shapes that frameworks take. */
export interface NegotiateServer {
  /** A handler that is called only for authenticated clients. */
  <Q extends ServerRequest = IncomingMessage, S extends ServerReply = ServerResponse>(
    handler: (request: Q, response: S, client: Authenticated) => void,
  ): Handler<Q, S>;
  /**
   * Responds to a request until its sender is authenticated; resolves to undefined if the response has been sent. It is
   * all that other frameworks need: in Fastify, a hook calls it with `request.raw` and `reply.raw`, in Koa, middleware
   * calls it with `ctx.req` and `ctx.res`. If the keytab cannot be read, or the replay cache fails, the response is 500
   * and `onRefused` is called.
   */
  readonly authenticate: Authenticate;
  /** For Express. */
  readonly middleware: Middleware;
}

/**
 * Authenticates clients by Negotiate (RFC 4559); anywhere else, `authenticated(request)` returns who they are. Throws
 * TypeError without a keytab.
 */
export function negotiateServer(options: NegotiateServerOptions): NegotiateServer {
  const { keytab, services = isHttp, channelBindings = true, onStale } = options;
  const { allowAnonymous, onRefused, unauthorized, onError } = options;
  // Otherwise every request would be answered with 500, and nobody told why.
  if (typeof keytab?.name !== 'string') throw new TypeError('a keytab is what resolveKeytab makes');
  const { accept = acceptContexts(options) } = options;
  const authenticate = createAuthenticate({
    accept,
    keytab: freshKeytab(keytab, { accepts: services, onStale }),
    channelBindings,
    allowAnonymous,
    onRefused,
    unauthorized,
  });
  const middleware: Middleware = (request, response, next) => {
    authenticate(request, response).then(client => client && next(), next);
  };
  const wrap =
    <Q extends ServerRequest, S extends ServerReply>(
      handler: (request: Q, response: S, client: Authenticated) => void,
    ): Handler<Q, S> =>
    (request, response) => {
      authenticate(request, response).then(
        client => client && handler(request, response, client),
        (error: unknown) => {
          response.statusCode = 500;
          response.end();
          onError?.(error, request);
        },
      );
    };
  return Object.assign(wrap, { authenticate, middleware });
}

function isHttp({ components }: Principal): boolean {
  return components.length === 2 && components[0]?.toUpperCase() === 'HTTP';
}
