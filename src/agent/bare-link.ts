import { readSync, writeSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { errnoOf } from '../errno.ts';
import { type Link, type LinkEvents, SocketLink } from './link.ts';
import type { ReadMemory } from './read-memory.ts';

/** The object below Node's socket, as far as it is used here. */
export interface Handle {
  readonly fd: number;
  readonly bytesRead: number;
  onread: unknown;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): void;
  readStop(): void;
  close(): void;
}

/** Whether an object has the members of a known handle. */
export function isHandle(found: unknown): found is Handle {
  const { fd, bytesRead, useUserBuffer, readStart, readStop, close } = found as Partial<Handle>;
  return (
    typeof fd === 'number' &&
    fd >= 0 &&
    typeof bytesRead === 'number' &&
    [useUserBuffer, readStart, readStop, close].every(method => typeof method === 'function')
  );
}

/**
 * A connection without a Node socket. Most of the cost of a small answer in Node is the book-keeping of streams; making
 * and ending a socket costs more than all that a program asks. A client that does not read its answers is given a
 * socket.
 */
export class BareLink implements Link {
  private readonly handle: Handle;
  private readonly fd: number;
  private readonly memory: ReadMemory;
  private readonly events: LinkEvents;
  /** How many bytes Node had read when we last looked. */
  private seen = 0;
  private stopped = false;
  private closed = false;
  private socket: Link | undefined;

  /** Reads into `memory`, which connections share. */
  constructor(handle: Handle, memory: ReadMemory, take: (link: Link) => LinkEvents) {
    this.handle = handle;
    this.fd = handle.fd;
    this.memory = memory;
    this.events = take(this);
    handle.onread = () => this.look();
    handle.useUserBuffer(memory.bytes);
    handle.readStart();
  }

  get unsent(): number {
    return this.socket === undefined ? 0 : this.socket.unsent;
  }

  get destroyed(): boolean {
    return this.socket === undefined ? this.closed : this.socket.destroyed;
  }

  get paused(): boolean {
    return this.stopped;
  }

  send(bytes: Uint8Array): boolean {
    if (this.socket !== undefined && this.socket.unsent > 0) return this.socket.send(bytes);
    // The descriptor of a closed connection may belong to another one by now.
    if (this.destroyed) return true;
    const written = writeNow(this.fd, bytes);
    if (written === bytes.length) return true;
    this.socket ??= this.makeSocket();
    return this.socket.send(written === 0 ? bytes : bytes.subarray(written));
  }

  pause(): void {
    this.stopped = true;
    if (this.socket !== undefined) this.socket.pause();
    else if (!this.closed) this.handle.readStop();
  }

  resume(): void {
    this.stopped = false;
    if (this.socket !== undefined) this.socket.resume();
    else if (!this.closed) this.handle.readStart();
  }

  drained(): Promise<void> {
    return this.socket === undefined ? Promise.resolve() : this.socket.drained();
  }

  hangUp(): void {
    if (this.socket !== undefined) this.socket.hangUp();
    else this.destroy();
  }

  destroy(): void {
    if (this.socket !== undefined) {
      this.socket.destroy();
    } else if (!this.closed) {
      this.closed = true;
      this.handle.close();
      this.events.closed();
    }
  }

  /** Node has read something, or reached the end, or failed; it only says how much it has read. */
  private look(): void {
    const { bytesRead } = this.handle;
    const length = bytesRead - this.seen;
    this.seen = bytesRead;
    if (length > 0) this.events.received(this.memory.beginning(length));
    else this.lookAgain();
  }

  private lookAgain(): void {
    let length: number;
    try {
      length = readSync(this.fd, this.memory.bytes);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') this.destroy();
      return;
    }
    if (length > 0) this.events.received(this.memory.beginning(length));
    else this.events.ended();
  }

  private makeSocket(): Link {
    const { handle, memory, events } = this;
    handle.readStop();
    const options: SocketConstructorOpts & { readonly handle: Handle; readonly onread: OnReadOpts } = {
      handle,
      allowHalfOpen: true,
      onread: {
        buffer: memory.bytes,
        callback(length) {
          events.received(memory.beginning(length));
          return true;
        },
      },
    };
    const link = new SocketLink(new Socket(options));
    link.tell(events);
    if (this.stopped) link.pause();
    return link;
  }
}

function writeNow(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    // It is full, or broken, which the socket will notice and handle.
    return 0;
  }
}
