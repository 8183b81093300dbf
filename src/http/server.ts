import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { KerberosError } from '../errors.ts';
import type { ChannelBindings, SecurityContext } from '../gss/context.ts';
import { GssError } from '../gss/gss-error.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { Authenticated } from './authenticated.ts';
import { findNegotiate, formatNegotiate, MAX_AUTHENTICATE_LENGTH } from './challenge.ts';
import type { FreshKeytab } from './fresh-keytab.ts';
import { isInitialToken } from './initial-token.ts';
import { bindingsOf } from './tls-bindings.ts';

/** What a context is accepted with. */
export interface AcceptRequest {
  readonly keytab: readonly KeytabEntry[];
  /** The channel bindings of the connection's TLS session. */
  readonly channelBindings: ChannelBindings | undefined;
}

/** Makes an acceptor's context; `acceptFrom` makes one of these. */
export type AcceptContext = (request: AcceptRequest) => SecurityContext;

export interface AuthenticateOptions {
  readonly accept: AcceptContext;
  readonly keytab: FreshKeytab;
  /** Whether contexts over TLS are bound to the server's certificate. */
  readonly channelBindings: boolean;
  /** Called with the reason when a client is refused. */
  readonly onRefused?: ((error: KerberosError, request: IncomingMessage) => void) | undefined;
}

/** Responds to a request until its sender is authenticated; resolves to undefined if the response has been sent. */
export type Authenticate = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<Authenticated | undefined>;

const REFUSAL = 'Authentication by Kerberos is required.\n';

const known = new WeakMap<object, Authenticated>();

/**
 * The authenticated sender of a request; undefined if it has not been authenticated. A framework's request is
 * recognized by its node:http request.
 */
export function authenticated(
  request: IncomingMessage | { readonly raw: IncomingMessage } | { readonly req: IncomingMessage },
): Authenticated | undefined {
  return (
    known.get(request) ?? known.get('raw' in request ? request.raw : 'req' in request ? request.req : request)
  );
}

/** Makes the function that authenticates requests by Negotiate (RFC 4559). */
export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  /** Contexts that wait for their next leg on the same connection. */
  const unfinished = new WeakMap<Socket, SecurityContext>();
  /** Requests that we have authenticated already: their tokens can be used only once. */
  const ours = new WeakMap<IncomingMessage, Authenticated>();

  async function authenticate(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Authenticated | undefined> {
    const before = ours.get(request);
    if (before !== undefined) return before;
    const { authorization } = request.headers;
    const { socket } = request;
    if (authorization !== undefined && authorization.length > MAX_AUTHENTICATE_LENGTH) {
      return refuse(response, { status: 431 });
    }
    try {
      const token = findNegotiate(authorization)?.token;
      if (token === undefined) return refuse(response, {});
      const keytab = await options.keytab();
      const context = contextFor(token, { socket, keytab });
      const reply = await context.step(token);
      if (!context.established) {
        unfinished.set(socket, context);
        return refuse(response, { token: reply });
      }
      if (reply !== undefined) response.setHeader('WWW-Authenticate', formatNegotiate(reply));
      const client = new Authenticated(context.info, keytab);
      ours.set(request, client);
      known.set(request, client);
      return client;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      options.onRefused?.(error, request);
      // Our own problems are not for the client to know.
      if (!(error instanceof GssError)) return refuse(response, { status: 500 });
      return refuse(response, { token: error.token });
    }
  }

  function contextFor(token: Uint8Array, { socket, keytab }: Place): SecurityContext {
    const waiting = unfinished.get(socket);
    unfinished.delete(socket);
    // The connection may be a proxy's, which continues with another client's request.
    if (waiting !== undefined && !isInitialToken(token)) return waiting;
    const channelBindings = options.channelBindings ? bindingsOf(socket, 'server') : undefined;
    return options.accept({ keytab, channelBindings });
  }

  return authenticate;
}

interface Place {
  readonly socket: Socket;
  readonly keytab: readonly KeytabEntry[];
}

interface Refusal {
  /** 401 if not given. */
  readonly status?: number;
  readonly token?: Uint8Array | undefined;
}

function refuse(response: ServerResponse, { status = 401, token }: Refusal): undefined {
  const text = status === 401 ? REFUSAL : '';
  response.writeHead(status, {
    ...(status === 401 && { 'WWW-Authenticate': formatNegotiate(token), 'Cache-Control': 'no-store' }),
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
  return undefined;
}
