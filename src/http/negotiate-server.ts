import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { Authenticated } from './authenticated.ts';
import { type AcceptContextsOptions, acceptContexts } from './contexts.ts';
import { freshKeytab } from './fresh-keytab.ts';
import { type AcceptContext, type Authenticate, createAuthenticate } from './server.ts';

export interface NegotiateServerOptions extends AcceptContextsOptions {
  /** The service's keys; a file is read again when it has changed. */
  readonly keytab: Keytab;
  /** Makes the acceptor's contexts; made from the other options if not given. */
  readonly accept?: AcceptContext | undefined;
  /** Selects the services to accept among the keytab's principals; every `HTTP/…` of the keytab if not given. */
  readonly services?: ((principal: Principal) => boolean) | undefined;
  /** Whether contexts over TLS are bound to the server's certificate; true if not given. */
  readonly channelBindings?: boolean | undefined;
  /** Called with the reason when a client is refused. */
  readonly onRefused?: ((error: KerberosError, request: IncomingMessage) => void) | undefined;
  /** Called when the keytab has changed but cannot be read; the previous keys stay in use. */
  readonly onStale?: ((error: KerberosError) => void) | undefined;
}

/** What `node:http` calls for a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What Express and Connect call for a request. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

export interface NegotiateServer {
  /** A handler that is called only for authenticated clients. */
  (handler: (request: IncomingMessage, response: ServerResponse, client: Authenticated) => void): Handler;
  /**
   * Responds to a request until its sender is authenticated; resolves to undefined if the response has been sent. It is
   * all that other frameworks need: in Fastify, a hook calls it with `request.raw` and `reply.raw`, in Koa, middleware
   * calls it with `ctx.req` and `ctx.res`. If the keytab cannot be read, the response is 500 and `onRefused` is called.
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
  const { keytab, services = isHttp, channelBindings = true, onRefused, onStale } = options;
  // Otherwise every request would be answered with 500, and nobody told why.
  if (typeof keytab?.name !== 'string') throw new TypeError('a keytab is what resolveKeytab makes');
  const { accept = acceptContexts(options) } = options;
  const authenticate = createAuthenticate({
    accept,
    keytab: freshKeytab(keytab, { accepts: services, onStale }),
    channelBindings,
    onRefused,
  });
  const middleware: Middleware = (request, response, next) => {
    authenticate(request, response).then(client => client && next(), next);
  };
  const wrap =
    (handler: (request: IncomingMessage, response: ServerResponse, client: Authenticated) => void): Handler =>
    (request, response) => {
      authenticate(request, response).then(
        client => client && handler(request, response, client),
        () => response.writeHead(500).end(),
      );
    };
  return Object.assign(wrap, { authenticate, middleware });
}

function isHttp({ components }: Principal): boolean {
  return components.length === 2 && components[0]?.toUpperCase() === 'HTTP';
}
