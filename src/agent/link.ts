import type { Socket } from 'node:net';

/** A connection to a client. */
export interface Link {
  /** Bytes that the system has not taken yet. */
  readonly unsent: number;
  readonly destroyed: boolean;
  readonly paused: boolean;
  /** False where it is better to wait until it is drained. */
  send(bytes: Uint8Array): boolean;
  /** Has the client wait with what it sends. */
  pause(): void;
  resume(): void;
  /** Resolves once all is sent, or the connection closed. */
  drained(): Promise<void>;
  /** Closes it once all is sent. */
  hangUp(): void;
  /** Closes it at once. */
  destroy(): void;
}

/** What is told of a connection. */
export interface LinkEvents {
  /** The memory of `chunk` is used again. */
  received(chunk: Uint8Array): void;
  /** The client will send no more. */
  ended(): void;
  closed(): void;
}

/** A connection by a socket of Node's. */
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

  /** Has it tell of everything but what it receives. */
  tell(events: LinkEvents): void {
    this.socket
      .on('error', () => undefined)
      .on('end', () => events.ended())
      .on('close', () => events.closed());
  }

  send(bytes: Uint8Array): boolean {
    return this.socket.write(bytes);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  drained(): Promise<void> {
    const { socket } = this;
    return new Promise(resolve => {
      const finish = (): void => {
        socket.off('drain', finish).off('close', finish);
        resolve();
      };
      socket.on('drain', finish).on('close', finish);
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
