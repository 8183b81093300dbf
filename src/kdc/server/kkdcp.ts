import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { systemReason } from '../../errno.ts';
import { CodecError, KerberosError } from '../../errors.ts';
import { KdcProxyMessage } from '../../messages/proxy.ts';
import type { Peer } from '../exchange.ts';
import { guarded } from '../guarded.ts';
import type { Responder } from '../kdc.ts';
import { limitConnections } from './connections.ts';
import { MAX_REQUEST_BYTES } from './too-big.ts';

export interface KkdcpOptions {
  /** The IP address to listen on; 127.0.0.1 if not given. */
  readonly host?: string | undefined;
  /** A free one if not given or 0. */
  readonly port?: number | undefined;
  /** The certificate and key in PEM. Without them, the endpoint uses plain HTTP, on loopback only. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  /** The host name in the URL for clients; the address if not given. */
  readonly name?: string | undefined;
  /** Seconds that a request may take to arrive; 10 if not given. */
  readonly idleTimeout?: number | undefined;
  /** The maximum number of connections; beyond it, the oldest is closed. 128 if not given. */
  readonly maxConnections?: number | undefined;
}

/** A listening endpoint. */
export interface KkdcpServer {
  /** The URL for clients. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const PATH = '/KdcProxy';
const LENGTH_BYTES = 4;
/** A request and what surrounds it. */
const MAX_BODY_BYTES = MAX_REQUEST_BYTES + 1024;
/** Milliseconds between two checks for requests that take too long. */
const CHECK_INTERVAL = 1000;

/**
 * Serves clients over HTTP (MS-KKDCP); the first of `responders` that recognizes a message answers it. Throws
 * KerberosError KDC_LISTEN, also for an address that others can reach without a certificate.
 */
export async function listenKkdcp(
  responders: readonly Responder[],
  options: KkdcpOptions = {},
): Promise<KkdcpServer> {
  const { host = '127.0.0.1', port = 0, tls, idleTimeout = 10, maxConnections = 128 } = options;
  if (tls === undefined && !isLoopback(host)) throw failed(`on ${host} without a certificate`);
  const server = await createServer((request, response) => serve(request, response, responders), {
    tls,
    patience: idleTimeout * 1000,
  });
  const connections = limitConnections(server, maxConnections);
  await bind(server, host, port);
  const bound = (server.address() as { port: number }).port;
  const name = options.name ?? (host.includes(':') ? `[${host}]` : host);
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}${PATH}`,
    port: bound,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

interface Manner {
  readonly tls: KkdcpOptions['tls'];
  /** In milliseconds. */
  readonly patience: number;
}

async function createServer(listener: RequestListener, { tls, patience }: Manner): Promise<Server> {
  const limits = {
    connectionsCheckingInterval: CHECK_INTERVAL,
    headersTimeout: patience,
    requestTimeout: patience,
    keepAliveTimeout: patience,
  };
  if (tls === undefined) return (await import('node:http')).createServer(limits, listener);
  const { createServer: createSecure } = await import('node:https');
  try {
    const secure = { cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' } as const;
    return createSecure({ ...limits, ...secure, handshakeTimeout: patience }, listener);
  } catch (cause) {
    throw failed('by HTTPS: its certificate or key cannot be used', cause);
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(failed(`on ${host} port ${port}: ${systemReason(error)}`, error));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {});
      resolve();
    });
  });
}

function serve(request: IncomingMessage, response: ServerResponse, responders: readonly Responder[]): void {
  const refuse = (status: number): void => {
    response.writeHead(status, { Connection: 'close', 'Content-Length': 0 }).end();
  };
  if (request.url?.split('?')[0]?.toLowerCase() !== PATH.toLowerCase()) refuse(404);
  else if (request.method !== 'POST') refuse(405);
  else collect(request, response, { responders, refuse });
}

interface Collecting {
  readonly responders: readonly Responder[];
  refuse(status: number): void;
}

function collect(
  request: IncomingMessage,
  response: ServerResponse,
  { responders, refuse }: Collecting,
): void {
  const chunks: Buffer[] = [];
  let received = 0;
  request.on('error', () => request.destroy());
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received <= MAX_BODY_BYTES) chunks.push(chunk);
    else if (!response.headersSent) refuse(413);
  });
  request.on('end', () => {
    if (response.headersSent) return;
    const { remoteAddress: address = '', remotePort: port, localAddress: local } = request.socket;
    const reply = answer(Buffer.concat(chunks), responders, { address, port, local, transport: 'tcp' });
    if (typeof reply === 'number') {
      refuse(reply);
      return;
    }
    const send = (): void => {
      response.writeHead(200, { 'Content-Type': 'application/kerberos', 'Content-Length': reply.length });
      response.end(reply);
    };
    const held = responders[0]?.delay?.() ?? 0;
    if (held > 0) setTimeout(send, held).unref();
    else send();
  });
}

/** The reply, or the HTTP status for a message that gets none. */
function answer(body: Uint8Array, responders: readonly Responder[], peer: Peer): Uint8Array | number {
  const message = unwrap(body);
  if (message === undefined) return 400;
  for (const responder of responders) {
    const reply = guarded(responder, () => responder.handle(message, peer));
    if (reply !== undefined) return KdcProxyMessage.encode({ kerbMessage: framed(reply) });
  }
  return 503;
}

function unwrap(body: Uint8Array): Uint8Array | undefined {
  try {
    const { kerbMessage } = KdcProxyMessage.decode(body);
    const message = kerbMessage.subarray(LENGTH_BYTES);
    if (kerbMessage.length < LENGTH_BYTES) return undefined;
    return Buffer.from(kerbMessage).readUInt32BE() === message.length ? message : undefined;
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

function framed(message: Uint8Array): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function failed(what: string, cause?: unknown): KerberosError {
  return new KerberosError('KDC_LISTEN', `Cannot listen ${what}`, { cause });
}
