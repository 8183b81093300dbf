import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { NegotiateOptions } from './options.ts';

/** Opens a connection to a URL's host, over TLS for https. */
export async function connectTo(
  url: URL,
  { agents, tls }: Pick<NegotiateOptions, 'agents' | 'tls'>,
  signal?: AbortSignal,
): Promise<Socket> {
  const secure = url.protocol === 'https:';
  const place = { host: bareHost(url), port: portOf(url) };
  const options = secure ? { ...tlsOptions(url, tls), ...place } : place;
  const maker = secure ? agents?.https : agents?.http;
  signal?.throwIfAborted();
  const socket = maker
    ? (maker.createConnection({ ...(maker as { options?: object }).options, ...options }) as Socket)
    : secure
      ? connectTls(options)
      : connectTcp(options);
  return established(socket, secure, signal);
}

/** TLS to a URL's host, inside a connection that leads there. */
export function secureTo(
  url: URL,
  socket: Socket,
  { tls }: Pick<NegotiateOptions, 'tls'>,
  signal?: AbortSignal,
): Promise<Socket> {
  return established(connectTls({ ...tlsOptions(url, tls), socket }), true, signal);
}

export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** The host without the brackets of an IPv6 address. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function tlsOptions(url: URL, tls: ConnectionOptions | undefined): ConnectionOptions {
  const host = bareHost(url);
  return { ALPNProtocols: ['http/1.1'], host, ...(isIP(host) === 0 && { servername: host }), ...tls };
}

async function established(
  socket: Socket,
  secure: boolean,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  // Whoever uses the socket listens for errors; while it is idle, nobody else would.
  socket.on('error', () => undefined);
  try {
    socket.setNoDelay(true);
    // An agent may return a socket that is connected already.
    if (secure || socket.connecting) await once(socket, secure ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
