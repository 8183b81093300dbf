import { Socket, type SocketConstructorOpts } from 'node:net';

/** What a handle of Node's needs for a write that does not end at once, for which it keeps the object. */
export interface WriteRequest {
  /** Keeps the memory that is being written. */
  buffer?: Uint8Array;
  oncomplete(): void;
  /** Negative as long as no handle has used it. */
  getAsyncId(): number;
}

/** A class of Node's own: its objects alone are taken by handles. */
export type WriteRequestClass = new () => WriteRequest;

/** The last major version of Node whose internals are known here. */
const KNOWN_NODE = 24;

let found: WriteRequestClass | undefined;

/** Learns the class from a write by a socket; undefined if Node has changed, or is newer than is known. */
export function writeRequestClass(): WriteRequestClass | undefined {
  if (found !== undefined) return found;
  if (Number.parseInt(process.versions.node, 10) > KNOWN_NODE) return undefined;
  // Node 26 gives null until a request is needed, and an update of an older one may.
  let request: object | null | undefined;
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
  const made = request?.constructor;
  if (made !== Object && isFresh(made as WriteRequestClass | undefined)) found = made as WriteRequestClass;
  return found;
}

/** Whether a write keeps the request. */
export function isUsed(request: WriteRequest): boolean {
  return request.getAsyncId() >= 0;
}

function isFresh(made: WriteRequestClass | undefined): boolean {
  return typeof made?.prototype?.getAsyncId === 'function' && !isUsed(new made());
}

function ignore(): void {}
