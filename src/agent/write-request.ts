import { Socket, type SocketConstructorOpts } from 'node:net';

/** What a handle of Node's needs for a write that does not end at once, for which it keeps the object. */
export interface WriteRequest {
  /** Keeps the memory that is being written. */
  buffer?: Uint8Array;
  oncomplete(): void;
}

/** A class of Node's own: its objects alone are taken by handles. */
export type WriteRequestClass = new () => WriteRequest;

let found: WriteRequestClass | undefined;

/** Learns the class from a write by a socket; undefined if Node has changed. */
export function writeRequestClass(): WriteRequestClass | undefined {
  if (found !== undefined) return found;
  let request: object | undefined;
  const handle = {
    readStart: ignore,
    readStop: ignore,
    close: (done?: () => void) => done?.(),
    writeBuffer(given: object) {
      request = given;
      return 0;
    },
  };
  const options: SocketConstructorOpts & { readonly handle: object } = { handle, readable: false };
  const socket = new Socket(options);
  socket.on('error', ignore);
  socket.write(Buffer.alloc(1));
  socket.destroy();
  if (request === undefined || request.constructor === Object) return undefined;
  found = request.constructor as WriteRequestClass;
  return found;
}

function ignore(): void {}
