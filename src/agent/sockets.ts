import type { Server } from 'node:net';
import { BareLink, isHandle } from './bare-link.ts';
import { type Link, type LinkEvents, SocketLink } from './link.ts';
import { ReadMemory } from './read-memory.ts';
import { writeRequestClass } from './write-request.ts';

/** The object below a Node server: it reports connections by calling `onconnection`. */
interface Listener {
  onconnection?: unknown;
}

const READ_BYTES = 64 << 10;

/**
 * Calls `take` for each connection to a server, to learn who handles it. Where Node's internals are as expected,
 * connections are handled without sockets, and the server neither counts them nor waits for them when it is closed.
 */
export function takeConnections(server: Server, take: (link: Link) => LinkEvents): void {
  // What cannot be accepted, because there are too many open files, concerns only its client.
  server.on('error', ignore);
  server.on('connection', socket => {
    const link = new SocketLink(socket);
    const events = take(link);
    link.tell(events);
    socket.on('data', chunk => events.received(chunk));
  });
  server.once('listening', () => {
    const listener = (server as Server & { readonly _handle?: Listener | null })._handle;
    const ordinary = listener?.onconnection;
    const WriteRequest = writeRequestClass();
    if (!listener || typeof ordinary !== 'function' || WriteRequest === undefined) return;
    const shared = { memory: new ReadMemory(READ_BYTES), WriteRequest, spare: new WriteRequest() };
    listener.onconnection = (status: number, handle?: unknown) => {
      if (handle && isHandle(handle)) new BareLink(handle, shared, take);
      else ordinary.call(listener, status, handle);
    };
  });
}

function ignore(): void {}
