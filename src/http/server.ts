import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import { ReplayCacheError } from '../ap/replay-cache.ts';
import { KerberosError } from '../errors.ts';
import type { ChannelBindings, SecurityContext } from '../gss/context.ts';
import { GssError } from '../gss/gss-error.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import { isAnonymous } from '../messages/anonymous.ts';
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

/** A request to a server of `node:http` or `node:http2`. */
export type ServerRequest = IncomingMessage | Http2ServerRequest;

/** What is used of the responses of `node:http` and `node:http2`. */
export interface ServerReply {
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  appendHeader(name: string, value: string): unknown;
  end(body?: string | Uint8Array): unknown;
}

/** Whom to refuse, and how. */
export interface RefusalOptions {
  /** Whether anonymous clients (RFC 8062), who may be anybody, are authenticated as well; false if not given. */
  readonly allowAnonymous?: boolean | undefined;
  /** Called with the reason when a client is refused. */
  readonly onRefused?: ((error: KerberosError, request: ServerRequest) => void) | undefined;
  /**
   * Ends the response to a client that is not authenticated, such as with a form for a password. The status, 401, and
   * the challenge are set; others may be appended, such as `Basic`. A line of text is sent if not given.
   */
  readonly unauthorized?: ((request: ServerRequest, response: ServerReply) => unknown) | undefined;
}

export interface AuthenticateOptions extends RefusalOptions {
  readonly accept: AcceptContext;
  readonly keytab: FreshKeytab;
  /** Whether contexts over TLS are bound to the server's certificate. */
  readonly channelBindings: boolean;
}

/** Responds to a request until its sender is authenticated; resolves to undefined if the response has been sent. */
export type Authenticate = (
  request: ServerRequest,
  response: ServerReply,
) => Promise<Authenticated | undefined>;

const REFUSAL = 'Authentication by Kerberos is required.\n';
const CHALLENGE = 'WWW-Authenticate';

const known = new WeakMap<object, Authenticated>();

/**
 * The authenticated sender of a request; undefined if it has not been authenticated. A framework's request is
 * recognized by its node:http or node:http2 request.
 */
export function authenticated(
  request: ServerRequest | { readonly raw: ServerRequest } | { readonly req: ServerRequest },
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
  const ours = new WeakMap<ServerRequest, Authenticated>();

  async function authenticate(
    request: ServerRequest,
    response: ServerReply,
  ): Promise<Authenticated | undefined> {
    const before = ours.get(request);
    if (before !== undefined) return before;
    const { authorization } = request.headers;
    const { socket } = request;
    if (authorization !== undefined && authorization.length > MAX_AUTHENTICATE_LENGTH) {
      return fail(response, 431);
    }
    let verdict: Verdict;
    try {
      verdict = await judge(authorization, socket);
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      options.onRefused?.(error, request);
      // Our own problems are not for the client to know.
      if (!(error instanceof GssError) || error.cause instanceof ReplayCacheError) return fail(response, 500);
      verdict = { token: error.token };
    }
    const { client, token } = verdict;
    if (client === undefined) return challenge(request, response, token);
    if (token !== undefined) response.setHeader(CHALLENGE, formatNegotiate(token));
    ours.set(request, client);
    known.set(request, client);
    return client;
  }

  async function judge(authorization: string | undefined, socket: Socket): Promise<Verdict> {
    const token = findNegotiate(authorization)?.token;
    if (token === undefined) return {};
    const keytab = await options.keytab();
    const context = contextFor(token, { socket, keytab });
    const reply = await context.step(token);
    if (!context.established) {
      unfinished.set(socket, context);
      return { token: reply };
    }
    const { info } = context;
    if (isAnonymous(info.initiator) && !options.allowAnonymous) {
      throw new GssError('UNAUTHORIZED', 'the client is anonymous');
    }
    return { client: new Authenticated(info, keytab), token: reply };
  }

  function contextFor(token: Uint8Array, { socket, keytab }: Place): SecurityContext {
    const waiting = unfinished.get(socket);
    unfinished.delete(socket);
    // The connection may be a proxy's, which continues with another client's request.
    if (waiting !== undefined && !isInitialToken(token)) return waiting;
    const channelBindings = options.channelBindings ? bindingsOf(socket, 'server') : undefined;
    return options.accept({ keytab, channelBindings });
  }

  async function challenge(
    request: ServerRequest,
    response: ServerReply,
    token?: Uint8Array,
  ): Promise<undefined> {
    response.statusCode = 401;
    response.setHeader(CHALLENGE, formatNegotiate(token));
    response.setHeader('Cache-Control', 'no-store');
    if (options.unauthorized === undefined) sendText(response, REFUSAL);
    else await options.unauthorized(request, response);
    return undefined;
  }

  return authenticate;
}

interface Verdict {
  /** Who sent the request, if that is known. */
  readonly client?: Authenticated;
  /** The token to respond with. */
  readonly token?: Uint8Array | undefined;
}

interface Place {
  readonly socket: Socket;
  readonly keytab: readonly KeytabEntry[];
}

function fail(response: ServerReply, status: number): undefined {
  response.statusCode = status;
  sendText(response, '');
  return undefined;
}

function sendText(response: ServerReply, text: string): void {
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
