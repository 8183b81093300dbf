import type { Socket } from 'node:dgram';
import { guarded } from '../guarded.ts';
import type { Responder } from '../kdc.ts';
import { responseTooBig } from './too-big.ts';

/** A datagram's sender may be forged: what it brings the one it names must be worth little. */
const MAX_AMPLIFICATION = 10;

export interface DatagramOptions {
  /** The address of the socket. */
  readonly local: string;
  /** Longer replies go by TCP, in bytes. */
  readonly maxReply: number;
}

/** Serves the datagrams of a socket, each with a request. What cannot be sent is lost, which clients of UDP are made for. */
export function serveDatagrams(socket: Socket, kdc: Responder, { local, maxReply }: DatagramOptions): void {
  let isOpen = true;

  function replyTo(request: Uint8Array, address: string, port: number): Uint8Array | undefined {
    const reply = kdc.handle(request, { address, port, local, transport: 'udp' });
    if (reply === undefined) return undefined;
    const most = MAX_AMPLIFICATION * request.length;
    if (reply.length <= Math.min(maxReply, most)) return reply;
    const tooBig = responseTooBig(kdc);
    return tooBig.length <= most ? tooBig : undefined;
  }

  socket.on('message', (request, { address, port }) => {
    // Nobody can be sent anything there: it is forged, and trying throws.
    if (port === 0) return;
    guarded(kdc, () => {
      const reply = replyTo(request, address, port);
      if (reply === undefined) return;
      const held = kdc.delay?.() ?? 0;
      if (held > 0) setTimeout(() => isOpen && socket.send(reply, port, address), held).unref();
      else socket.send(reply, port, address);
    });
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isOpen = false;
  });
}
