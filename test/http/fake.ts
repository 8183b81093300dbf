import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ContextFlags, ContextInfo, SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { type NegotiateServerOptions, negotiateServer } from '../../src/http/negotiate-server.ts';
import type { ContextRequest, OpenContext } from '../../src/http/options.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import { hostBasedPrincipal, parsePrincipal } from '../../src/messages/principal.ts';

export interface FakeOptions {
  /** Tokens that the initiator sends; 1 if not given. */
  readonly legs?: number;
  /** What the acceptor proves itself with; nothing where it is the empty string. */
  readonly proof?: string;
  /** An acceptor that takes no client. */
  readonly refuse?: boolean;
  /** Who initiates; alice if not given. */
  readonly initiator?: string;
}

const flags: ContextFlags = {
  delegation: false,
  mutual: true,
  replay: false,
  sequence: false,
  confidentiality: false,
  integrity: true,
  anonymous: false,
  dceStyle: false,
  identify: false,
};

/** Contexts whose tokens are words: who is there, for which host, bound to what. */
export function fakeOpen(options: FakeOptions = {}): OpenContext & { readonly asked: ContextRequest[] } {
  const asked: ContextRequest[] = [];
  const open = async (request: ContextRequest): Promise<SecurityContext> => {
    asked.push(request);
    const { legs = 1 } = options;
    let sent = 0;
    let established = false;
    return fakeContext({
      get established() {
        return established;
      },
      host: request.host,
      async step(token) {
        if (sent < legs) {
          sent++;
          return Buffer.from(
            `leg ${sent} to ${request.host} ${bound(request.channelBindings?.applicationData)}`,
          );
        }
        if (token === undefined || Buffer.from(token).toString() !== 'proof') {
          throw new GssError('DEFECTIVE_TOKEN', 'the proof is wrong');
        }
        established = true;
        return undefined;
      },
    });
  };
  return Object.assign(open, { asked });
}

export function fakeAccept({
  legs = 1,
  proof = 'proof',
  refuse,
  initiator,
}: FakeOptions = {}): NonNullable<NegotiateServerOptions['accept']> {
  return ({ channelBindings }) => {
    let taken = 0;
    return fakeContext({
      get established() {
        return taken === legs;
      },
      host: 'localhost',
      initiator,
      async step(token) {
        const text = Buffer.from(token ?? []).toString();
        const [, leg, binding] = /^leg (\d+) to \S+ (\w+)$/.exec(text) ?? [];
        if (refuse || Number(leg) !== taken + 1 || binding !== bound(channelBindings?.applicationData)) {
          throw new GssError('DEFECTIVE_TOKEN', 'the token is wrong', { token: Buffer.from('refused') });
        }
        taken++;
        if (taken < legs) return Buffer.from('go on');
        return proof === '' ? undefined : Buffer.from(proof);
      },
    });
  };
}

function bound(data: Uint8Array | undefined): string {
  return data === undefined ? 'unbound' : Buffer.from(data).toString('hex');
}

interface FakeParts extends Pick<SecurityContext, 'established' | 'step'> {
  readonly host: string;
  readonly initiator?: string | undefined;
}

function fakeContext(parts: FakeParts): SecurityContext {
  const none = (): never => {
    throw new GssError('UNAVAILABLE', 'no messages here');
  };
  const info: ContextInfo = {
    initiator: parsePrincipal(parts.initiator ?? 'alice@A.TEST'),
    acceptor: hostBasedPrincipal('HTTP', parts.host, 'A.TEST'),
    flags,
    mechanism: '1.2.840.113554.1.2.2',
    endtime: new Date(0),
  };
  const rest = { info, wrap: none, unwrap: none, mic: none, verifyMic: none, wrapSizeLimit: none, prf: none };
  return Object.defineProperties(
    { ...rest, established: false, step: parts.step },
    {
      established: { get: () => parts.established },
    },
  );
}

/** A server on a free port that wants every client to negotiate, and keeps what it was asked. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly requests: {
    method: string;
    url: string;
    authorization: string | undefined;
    connection: number;
    body: string;
  }[];
  readonly server: Server;
  close(): Promise<void>;
}

export interface TestServerOptions extends FakeOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Paths that need no authentication. */
  readonly open?: (path: string) => boolean;
  readonly respond?: RequestListener;
  readonly server?: Partial<NegotiateServerOptions>;
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const connections: unknown[] = [];
  const negotiate = negotiateServer({
    keytab: memoryKeytab('none'),
    accept: fakeAccept(options),
    ...options.server,
  });
  const respond: RequestListener = options.respond ?? ((_, response) => response.end('hello'));
  const wrapped = negotiate(respond);
  const listener: RequestListener = (request, response) => {
    if (!connections.includes(request.socket)) connections.push(request.socket);
    const seen = {
      method: request.method!,
      url: request.url!,
      authorization: request.headers.authorization,
      connection: connections.indexOf(request.socket),
      body: '',
    };
    requests.push(seen);
    void keepBody(request, seen);
    if (options.open?.(request.url!)) respond(request, response);
    else wrapped(request, response);
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${options.tls ? 's' : ''}://localhost:${port}`,
    port,
    requests,
    server,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function keepBody(request: IncomingMessage, seen: { body: string }): Promise<void> {
  request.on('data', (chunk: Buffer) => {
    seen.body += chunk.toString('latin1');
  });
}
