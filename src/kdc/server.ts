import { createSocket, type Socket as DatagramSocket, type SocketOptions } from 'node:dgram';
import { lookup } from 'node:dns';
import { createServer, type Server, type Socket } from 'node:net';
import { errnoOf, systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import type { Responder } from './kdc.ts';
import { limitConnections } from './server/connections.ts';
import { serveDatagrams } from './server/datagrams.ts';
import { serveConnection } from './server/tcp-connection.ts';

export interface ListenOptions {
  /** The IP address to listen on; 127.0.0.1 if not given. */
  readonly host?: string | undefined;
  /** For UDP and TCP alike; a free one if not given or 0. */
  readonly port?: number | undefined;
  /**
   * Whether other processes may listen on the same port, so that the system distributes clients among them
   * (SO_REUSEPORT); false if not given. The processes share only their database: a request that is replayed from
   * another port, or a failed login, may reach a process that does not know of the first. Needs Node 23.1; before, the
   * port counts as taken.
   */
  readonly reusePort?: boolean | undefined;
  /** The largest reply over UDP; longer ones need TCP. 4096 bytes if not given. */
  readonly maxDatagramReply?: number | undefined;
  /** The maximum number of connections; beyond it, the oldest is closed. 128 if not given. */
  readonly maxConnections?: number | undefined;
  /** Seconds within which a connection must send a whole request; 10 if not given. */
  readonly idleTimeout?: number | undefined;
}

/** A listening KDC. */
export interface KdcServer {
  readonly host: string;
  readonly port: number;
  /** Closes at once, whatever is in progress. */
  close(): Promise<void>;
}

const MAX_PORT = 65_535;
/** A port that is free for UDP may be taken for TCP. */
const MAX_ATTEMPTS = 32;
/** Room for what arrives while the processor is busy. */
const RECEIVE_BUFFER = 1 << 20;

/** Makes a KDC, or another responder, answer on UDP and TCP on the same port. Throws KerberosError KDC_LISTEN. */
export async function listenKdc(kdc: Responder, options: ListenOptions = {}): Promise<KdcServer> {
  const { host = '127.0.0.1', port = 0, reusePort = false } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= MAX_PORT)) {
    throw new TypeError(`a port is a whole number up to ${MAX_PORT}`);
  }
  for (let attempt = 1; ; attempt++) {
    const type = host.includes(':') ? 'udp6' : 'udp4';
    const socketOptions = { type, recvBufferSize: RECEIVE_BUFFER, lookup: lookUp, reusePort } as const;
    const udp = createSocket(socketOptions);
    try {
      const bound = await bindUdp(udp, host, port);
      const tcp = createServer({ noDelay: true });
      await bindTcp(tcp, { host, port: bound, reusePort });
      return serve(kdc, { udp, tcp, host, port: bound }, options);
    } catch (error) {
      udp.close();
      const code = errnoOf(error);
      if (port === 0 && code === 'EADDRINUSE' && attempt < MAX_ATTEMPTS) continue;
      throw new KerberosError('KDC_LISTEN', `Cannot listen on ${host} port ${port}: ${systemReason(error)}`, {
        cause: error,
      });
    }
  }
}

/**
 * Peers are given by address, which needs no look-up. A name cannot look like an address, but short forms such as 127.1
 * must be looked up; Node's own pattern takes half a millisecond to compile.
 */
const lookUp: NonNullable<SocketOptions['lookup']> = (host, options, done) => {
  if (host.includes(':')) done(null, host, 6);
  else if (/^(?:\d+\.){3}\d+$/.test(host)) done(null, host, 4);
  else lookup(host, options, done);
};

interface Sockets {
  readonly udp: DatagramSocket;
  readonly tcp: Server;
  readonly host: string;
  readonly port: number;
}

function serve(kdc: Responder, { udp, tcp, host, port }: Sockets, options: ListenOptions): KdcServer {
  const { maxDatagramReply = 4096, maxConnections = 128, idleTimeout = 10 } = options;
  const datagrams = serveDatagrams(udp, kdc, { local: host, maxReply: maxDatagramReply });
  const connections = limitConnections(tcp, maxConnections);
  tcp.on('connection', socket => serveConnection(socket, kdc, idleTimeout));
  tcp.on('error', () => {});

  let closing: Promise<void> | undefined;
  return {
    host,
    port,
    close() {
      datagrams.flush();
      closing ??= closeAll(udp, tcp, connections);
      return closing;
    },
  };
}

async function closeAll(udp: DatagramSocket, tcp: Server, connections: Iterable<Socket>): Promise<void> {
  const closed = [
    new Promise<void>(resolve => udp.close(resolve)),
    new Promise<void>(resolve => tcp.close(() => resolve())),
  ];
  for (const socket of connections) socket.destroy();
  await Promise.all(closed);
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
}

function bindUdp(socket: DatagramSocket, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: host, port }, () => {
      socket.off('error', reject);
      resolve(socket.address().port);
    });
  });
}

function bindTcp(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
