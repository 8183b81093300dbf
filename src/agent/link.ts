import type { Socket } from 'node:net';

/** A connection to a client. */
export interface Link {
  /** The length of everything sent that the system has not accepted whole. */
  readonly unsent: number;
  readonly destroyed: boolean;
  readonly paused: boolean;
  /** Returns false if the caller should wait for `drained`. */
  send(bytes: Uint8Array): boolean;
  /** Stops reading from the client. */
  pause(): void;
  resume(): void;
  /** Resolves when everything has been sent, or the connection is closed. */
  drained(): Promise<void>;
  /** Closes the connection after everything has been sent. */
  hangUp(): void;
  /** Closes it at once. */
  destroy(): void;
}

/** The events of a connection. */
export interface LinkEvents {
  /** The memory of `chunk` is reused afterwards. */
  received(chunk: Uint8Array): void;
  /** The client will send no more. */
  ended(): void;
  closed(): void;
}

const NOTHING = new Uint8Array();

/** A connection through a Node socket. */
export class SocketLink implements Link {
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get unsent(): number {
    return this.socket.writableLength;
  }

  get destroyed(): boolean {
    return this.socket.destroyed;
  }

  get paused(): boolean {
    return this.socket.isPaused();
  }

  /** Reports every event except received data. */
  tell(events: LinkEvents): void {
    this.socket
      .on('error', () => undefined)
      .on('end', () => events.ended())
      .on('close', () => events.closed());
  }

  send(bytes: Uint8Array): boolean {
    this.socket.write(bytes);
    return this.unsent === 0;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  drained(): Promise<void> {
    // Node tells only of what is longer than it likes to keep; writes end in order, or fail.
    return new Promise(resolve => {
      this.socket.write(NOTHING, () => resolve());
    });
  }

  hangUp(): void {
    if (this.unsent === 0) this.socket.destroy();
    else this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
