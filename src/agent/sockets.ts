import { writeSync } from 'node:fs';
import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';

// Most of what a small answer costs in Node is the book-keeping of streams, once for the request and once for the answer.
// This goes round it where Node's insides are as we know them, and else does what everybody does.

/** What Node has below a socket. */
interface Handle {
  readonly fd?: unknown;
}

/** What Node has below a server: it tells of connections by calling `onconnection`. */
interface Listener {
  onconnection?: unknown;
}

interface Inside<T> {
  readonly _handle?: T | null;
}

const READ_BYTES = 64 << 10;

/**
 * Has `take` give a receiver for each connection to a server. A receiver must not keep what it is given: the memory is
 * used again. The server neither counts such connections nor waits for them when it is closed.
 */
export function takeConnections(server: Server, take: (socket: Socket) => (chunk: Uint8Array) => void): void {
  server.on('connection', socket => void socket.on('data', take(socket)));
  server.once('listening', () => {
    const listener = (server as Server & Inside<Listener>)._handle;
    const ordinary = listener?.onconnection;
    if (!listener || typeof ordinary !== 'function') return;
    const buffer = new Uint8Array(READ_BYTES);
    listener.onconnection = (status: number, handle?: Handle) => {
      if (handle && descriptorOf(handle) >= 0) open(handle, buffer, take);
      else ordinary.call(listener, status, handle);
    };
  });
}

/** A socket that reads into a buffer which all share, instead of one made for each read. */
function open(
  handle: Handle,
  buffer: Uint8Array,
  take: (socket: Socket) => (chunk: Uint8Array) => void,
): void {
  const options: SocketConstructorOpts & { readonly handle: Handle; readonly onread: OnReadOpts } = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback(length) {
        receive(buffer.subarray(0, length));
        return true;
      },
    },
  };
  const receive = take(new Socket(options));
}

/** Writes at once what the system takes, and leaves the rest to the socket. False where it is better to wait for 'drain'. */
export function send(socket: Socket, bytes: Uint8Array): boolean {
  const written = socket.writableLength === 0 ? writeNow(socket, bytes) : 0;
  return written === bytes.length || socket.write(written === 0 ? bytes : bytes.subarray(written));
}

function writeNow(socket: Socket, bytes: Uint8Array): number {
  // Asked for each time: once the socket is closed the number may be that of another's.
  const fd = descriptorOf((socket as Socket & Inside<Handle>)._handle);
  if (fd < 0) return 0;
  try {
    return writeSync(fd, bytes);
  } catch {
    // It is full, or broken, which the socket will find out and deal with.
    return 0;
  }
}

function descriptorOf(handle: Handle | null | undefined): number {
  const fd = handle?.fd;
  return typeof fd === 'number' ? fd : -1;
}
