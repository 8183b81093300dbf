import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createConfig } from '../../src/config/config.ts';
import { createProfile, createSection } from '../../src/config/profile.ts';
import { parseProfile } from '../../src/config/profile-syntax.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { createTransport, type Transport, type TransportOptions } from '../../src/transport/transport.ts';
import { freePort } from '../support/free-port.ts';

/** What a fake KDC does with a request: answers it, or keeps silent. */
export type UdpBehaviour = (request: Buffer, count: number) => Uint8Array | undefined;
/** What a fake KDC does with a connection. */
export type TcpBehaviour = (socket: Socket) => void;

export interface FakeKdc extends AsyncDisposable {
  readonly port: number;
  /** One entry, `udp` or `tcp`, for each datagram and each connection that came in. */
  readonly log: string[];
  /** Closes the port for datagrams. */
  stopListening(): void;
}

/** A KDC on a port of 127.0.0.1; without a behaviour the port is closed. */
export async function fakeKdc({ udp, tcp }: { udp?: UdpBehaviour; tcp?: TcpBehaviour }): Promise<FakeKdc> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    log.push('tcp');
    sockets.add(socket);
    socket.on('error', () => {});
    tcp?.(socket);
  });
  const port = await freePort();
  if (tcp !== undefined) {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  const datagrams = createSocket('udp4');
  datagrams.on('message', (request, from) => {
    log.push('udp');
    const reply = udp?.(request, log.length);
    if (reply !== undefined) datagrams.send(reply, from.port, from.address);
  });
  datagrams.bind(port, '127.0.0.1');
  await once(datagrams, 'listening');
  let listening = true;
  const stopListening = (): void => {
    if (listening) datagrams.close();
    listening = false;
  };
  if (udp === undefined) stopListening();

  return {
    port,
    log,
    stopListening,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (tcp !== undefined) server.close();
      stopListening();
    },
  };
}

/** Anything that begins as an AS-REP does. */
export const ANSWER = Uint8Array.of(0x6b, 3, 1, 2, 3);
export const REQUEST = Uint8Array.of(0x6a, 1, 7);

export const silent = (): undefined => undefined;

/** A TCP behaviour: waits for the whole of REQUEST, then sends `message` after its length. */
export function replying(message: Uint8Array): TcpBehaviour {
  return socket => onRequest(socket, () => socket.write(framed(message)));
}

/** Calls back once a whole framed REQUEST has come in. */
export function onRequest(socket: Socket, then: () => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk]);
    if (received.equals(framed(REQUEST))) then();
  });
}

export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

export function krbError(errorCode: number, eData?: Uint8Array): Uint8Array {
  return KrbError.encode({
    stime: new Date('2026-11-22T12:00:00Z'),
    susec: 0,
    errorCode,
    realm: 'A.TEST',
    sname: { nameType: 2, nameString: ['krbtgt', 'A.TEST'] },
    eData,
  });
}

/** A transport for A.TEST with these `kdc` values, which waits for longer than anything takes unless it is told to hurry. */
export function transportTo(
  kdcs: readonly (string | FakeKdc)[],
  options: TransportOptions = {},
  libdefaults = '',
): Transport {
  const lines = kdcs.map(kdc => `kdc = ${typeof kdc === 'string' ? kdc : `127.0.0.1:${kdc.port}`}`);
  const root = createSection();
  const text = `[libdefaults]\n${libdefaults}\n[realms]\nA.TEST = {\n${lines.join('\n')}\n}`;
  parseProfile(text, 'krb5.conf', root, { warn: () => {}, include: () => {} });
  const config = createConfig(createProfile([root]), { uid: 0, euid: 0, username: '', temp: '/tmp' });
  const timeout = libdefaults.includes('request_timeout') ? {} : { timeout: 15 };
  return createTransport(config, {
    ...timeout,
    stagger: 15,
    patience: 15,
    lookupSrv: async () => [],
    lookupUri: async () => [],
    ...options,
  });
}
