import type { Socket } from 'node:dgram';
import { guarded } from '../guarded.ts';
import type { Responder } from '../kdc.ts';

// In milliseconds.
/** The longest that a reply waits while others are made. */
const MAX_WAIT = 1;
/** After a pause of this length a reply is sent at once: hardly any other request has arrived with its own. */
const PAUSE = 0.25;

/** The replies that a socket is about to send. */
export interface Outbox {
  /** Sends a reply soon; after the socket has been closed, it is dropped. */
  put(reply: Uint8Array, port: number, address: string): void;
  /** Sends all waiting replies now. */
  flush(): void;
}

interface Outgoing {
  readonly reply: Uint8Array;
  readonly port: number;
  readonly address: string;
}

/**
 * Sends the replies to requests that arrived together in one go. Most of the cost of sending is to wake the receiver,
 * be it a process of this machine or the network's driver; replies that follow immediately find it awake.
 */
export function createOutbox(socket: Socket, kdc: Responder): Outbox {
  let waiting: Outgoing[] = [];
  /** When the oldest waiting reply was put in. */
  let since = 0;
  let last = Number.NEGATIVE_INFINITY;
  let isDue = false;
  let isOpen = true;

  function flush(): void {
    const all = waiting;
    waiting = [];
    if (!isOpen) return;
    for (const { reply, port, address } of all) guarded(kdc, () => socket.send(reply, port, address));
  }

  function whenAllAreRead(): void {
    isDue = false;
    flush();
  }

  socket.on('close', () => {
    isOpen = false;
  });

  return {
    put(reply, port, address) {
      const now = performance.now();
      const isFirst = now - last > PAUSE;
      last = now;
      if (waiting.push({ reply, port, address }) === 1) since = now;
      if (isFirst || now - since >= MAX_WAIT) flush();
      if (isDue || waiting.length === 0) return;
      isDue = true;
      // Before this, Node reads the datagrams that have arrived, up to a few dozen.
      setImmediate(whenAllAreRead);
    },
    flush,
  };
}
