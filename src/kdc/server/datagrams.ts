import type { Socket } from 'node:dgram';
import { guarded } from '../guarded.ts';
import type { Responder } from '../kdc.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { responseTooBig } from './too-big.ts';

/** A datagram's sender may be forged, so the reply must not be much longer than the request. */
const MAX_AMPLIFICATION = 10;

interface DatagramOptions {
  /** The address of the socket. */
  readonly local: string;
  /** The largest reply in bytes; longer ones need TCP. */
  readonly maxReply: number;
}

/** Answers the requests in a socket's datagrams. What cannot be sent is lost, which UDP clients expect. */
export function serveDatagrams(
  socket: Socket,
  kdc: Responder,
  { local, maxReply }: DatagramOptions,
): Pick<Outbox, 'flush'> {
  const outbox = createOutbox(socket, kdc);

  function replyTo(request: Uint8Array, address: string, port: number): Uint8Array | undefined {
    const reply = kdc.handle(request, { address, port, local, transport: 'udp' });
    if (reply === undefined) return undefined;
    const most = MAX_AMPLIFICATION * request.length;
    if (reply.length <= Math.min(maxReply, most)) return reply;
    const tooBig = responseTooBig(kdc);
    return tooBig.length <= most ? tooBig : undefined;
  }

  socket.on('message', (request, { address, port }) => {
    // Such a sender is forged: nobody can be reached there, and sending throws.
    if (port === 0) return;
    guarded(kdc, () => {
      const reply = replyTo(request, address, port);
      if (reply === undefined) return;
      const held = kdc.delay?.() ?? 0;
      if (held > 0) setTimeout(() => outbox.put(reply, port, address), held).unref();
      else outbox.put(reply, port, address);
    });
  });
  socket.on('error', () => {});
  return outbox;
}
