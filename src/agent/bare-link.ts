import { readSync } from 'node:fs';
import { errnoOf } from '../errno.ts';
import type { Link, LinkEvents } from './link.ts';
import type { ReadMemory } from './read-memory.ts';
import { isUsed, type WriteRequest, type WriteRequestClass } from './write-request.ts';

/** The object below Node's socket, as far as it is used here. */
export interface Handle {
  readonly fd: number;
  readonly bytesRead: number;
  onread: unknown;
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): void;
  readStop(): void;
  /**
   * Returns an error number, or 0. The request is used if the system did not accept all bytes at the first attempt, even
   * if it did at a second one.
   */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  close(): void;
}

/** Whether an object has the members of a known handle. */
export function isHandle(found: unknown): found is Handle {
  const { fd, bytesRead, useUserBuffer, readStart, readStop, writeBuffer, close } = found as Partial<Handle>;
  return (
    typeof fd === 'number' &&
    fd >= 0 &&
    typeof bytesRead === 'number' &&
    [useUserBuffer, readStart, readStop, writeBuffer, close].every(method => typeof method === 'function')
  );
}

/** What connections share. */
export interface Shared {
  /** What each of them reads into. */
  readonly memory: ReadMemory;
  readonly WriteRequest: WriteRequestClass;
  /** For the next write; most need none, and leave it as it is. */
  spare: WriteRequest;
}

/**
 * A connection without a Node socket. Most of the cost of a small answer in Node is the book-keeping of streams; making
 * and ending a socket costs more than all that a program asks.
 */
export class BareLink implements Link {
  private readonly handle: Handle;
  private readonly shared: Shared;
  private readonly events: LinkEvents;
  /** How many bytes Node had read when we last looked. */
  private seen = 0;
  /** The length of all writes that have not ended: Node keeps their memory until then, even if little is left. */
  private writing = 0;
  private stopped = false;
  private ending = false;
  private closed = false;
  private waiting: (() => void)[] = [];

  constructor(handle: Handle, shared: Shared, take: (link: Link) => LinkEvents) {
    this.handle = handle;
    this.shared = shared;
    this.events = take(this);
    handle.onread = () => this.look();
    handle.useUserBuffer(shared.memory.bytes);
    handle.readStart();
  }

  get unsent(): number {
    return this.closed ? 0 : this.writing;
  }

  get destroyed(): boolean {
    return this.closed;
  }

  get paused(): boolean {
    return this.stopped;
  }

  send(bytes: Uint8Array): boolean {
    if (this.closed) return true;
    const request = this.shared.spare;
    if (this.handle.writeBuffer(request, bytes) !== 0) {
      this.destroy();
      return true;
    }
    if (!isUsed(request)) return true;
    // Node aborts the process if a request is used for two writes at a time.
    this.shared.spare = new this.shared.WriteRequest();
    this.awaitWrite(request, bytes);
    return false;
  }

  pause(): void {
    this.stopped = true;
    if (!this.closed) this.handle.readStop();
  }

  resume(): void {
    this.stopped = false;
    if (!this.closed) this.handle.readStart();
  }

  drained(): Promise<void> {
    if (this.unsent === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.waiting.push(resolve);
    });
  }

  hangUp(): void {
    if (this.unsent === 0) this.destroy();
    else this.ending = true;
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.handle.close();
    this.events.closed();
    this.tellDrained();
  }

  /** Leaves the memory to the write that has begun. */
  private awaitWrite(request: WriteRequest, bytes: Uint8Array): void {
    this.writing += bytes.length;
    request.buffer = bytes;
    request.oncomplete = () => {
      // Also after an error, which the next read reports.
      this.writing -= bytes.length;
      if (this.unsent > 0 || this.closed) return;
      this.tellDrained();
      if (this.ending) this.destroy();
    };
  }

  private tellDrained(): void {
    for (const tell of this.waiting.splice(0)) tell();
  }

  /** Node has read something, or reached the end, or failed; it only says how much it has read. */
  private look(): void {
    const { bytesRead } = this.handle;
    const length = bytesRead - this.seen;
    this.seen = bytesRead;
    if (length > 0) this.events.received(this.shared.memory.beginning(length));
    else this.lookAgain();
  }

  private lookAgain(): void {
    const { bytes } = this.shared.memory;
    let length: number;
    try {
      length = readSync(this.handle.fd, bytes);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') this.destroy();
      return;
    }
    if (length > 0) this.events.received(this.shared.memory.beginning(length));
    else this.events.ended();
  }
}
