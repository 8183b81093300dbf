import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import type { Principal } from '../messages/principal.ts';
import type { Authenticated } from './authenticated.ts';
import { type AcceptContextsOptions, acceptContexts } from './contexts.ts';
import { freshKeytab } from './fresh-keytab.ts';
import { type AcceptContext, type Authenticate, createAuthenticate } from './server.ts';

export interface NegotiateServerOptions extends AcceptContextsOptions {
  /** The service's keys; a file is read anew when it has become another. */
  readonly keytab: Keytab;
  /** Makes the acceptor's contexts, of the other options if not given. */
  readonly accept?: AcceptContext | undefined;
  /** The services to be, by a function on the keytab's principals; every `HTTP/…` of the keytab if not given. */
  readonly services?: ((principal: Principal) => boolean) | undefined;
  /** Whether contexts over TLS are bound to our certificate; true if not given. */
  readonly channelBindings?: boolean | undefined;
  /** Told why a client was refused. */
  readonly onRefused?: ((error: KerberosError, request: IncomingMessage) => void) | undefined;
  /** Told when the keytab has changed but cannot be read: the keys before stay in use. */
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
  /** A handler that is called only for clients that have proved who they are. */
  (handler: (request: IncomingMessage, response: ServerResponse, client: Authenticated) => void): Handler;
  /**
   * Answers a request until it is known who sent it; resolves to undefined where the response has been sent. All other
   * frameworks need no more: a hook of Fastify's calls it with `request.raw` and `reply.raw`, Koa's with `ctx.req` and
   * `ctx.res`. A keytab that cannot be read is a response of 500, and `onRefused` is told.
   */
  readonly authenticate: Authenticate;
  /** For Express. */
  readonly middleware: Middleware;
}

/**
 * Authenticates clients by Negotiate (RFC 4559); `authenticated(request)` tells anywhere who they are. Throws TypeError
 * without a keytab.
 */
export function negotiateServer(options: NegotiateServerOptions): NegotiateServer {
  const { keytab, services = isHttp, channelBindings = true, onRefused, onStale } = options;
  // Later, every request would be answered by 500, and nobody told why.
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
