import { readSync, writeSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { type Link, type LinkEvents, SocketLink } from './link.ts';
import type { ReadMemory } from './read-memory.ts';

/** What Node has below a socket, as far as it serves here. */
export interface Handle {
  readonly fd: number;
  readonly bytesRead: number;
  onread: unknown;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): void;
  readStop(): void;
  close(): void;
}

/** Whether it has what we know a handle by. */
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
 * A connection without a socket. Most of what a small answer costs in Node is the book-keeping of streams; to make and
 * end a socket costs more than all that a program asks. A client that does not read what it is sent is given one.
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

  /** Reads into `memory`, which others may share. */
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
    // Of a connection that is closed the number may be that of another by now.
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

  /** Node has read something, or found that there is nothing, or an end, or an error; it says only how much. */
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
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.destroy();
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
    // It is full, or broken, which the socket will find out and deal with.
    return 0;
  }
}
