import type { Duplex } from 'node:stream';
import { KerberosError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';

export interface SocketStreamOptions {
  /** Seconds that one read or write may take as a whole; 10 if not given. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A ByteStream over a connected socket, which remains the caller's to close. Nothing is read ahead of need. */
export function socketStream(socket: Duplex, options: SocketStreamOptions = {}): ByteStream {
  return new SocketStream(socket, options);
}

class SocketStream implements ByteStream {
  private readonly socket: Duplex;
  private readonly timeout: number;
  private readonly signal: AbortSignal | undefined;
  private readonly chunks: Uint8Array[] = [];
  private buffered = 0;
  private failure: KerberosError | undefined;
  /** Looks again whether what a pending call waits for has come. */
  private wake = asleep;

  constructor(socket: Duplex, { timeout = 10, signal }: SocketStreamOptions) {
    this.socket = socket;
    this.timeout = timeout;
    this.signal = signal;
    socket.pause();
    socket.on('data', (chunk: Uint8Array) => {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
      this.wake();
    });
    socket.on('end', () => this.fail(new KerberosError('SENDAUTH', 'The connection was closed')));
    socket.on('close', () => this.fail(new KerberosError('SENDAUTH', 'The connection was closed')));
    socket.on('error', cause => this.fail(new KerberosError('SENDAUTH', 'The connection broke', { cause })));
  }

  read(length: number): Promise<Uint8Array> {
    this.socket.resume();
    return this.bounded<Uint8Array>((resolve, reject) => {
      this.wake = () => {
        if (this.buffered < length && this.failure === undefined) return;
        // Several chunks may come in one turn, and what they bring is for the next read.
        this.wake = asleep;
        if (this.buffered >= length) resolve(this.take(length));
        else reject(this.failure!);
      };
      this.wake();
    }).finally(() => {
      this.socket.pause();
      this.wake = asleep;
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.bounded<void>((resolve, reject) => {
      this.socket.write(bytes, cause => {
        if (cause) reject(new KerberosError('SENDAUTH', 'The connection broke', { cause }));
        else resolve();
      });
    });
  }

  private fail(failure: KerberosError): void {
    this.failure ??= failure;
    this.wake();
  }

  private take(length: number): Uint8Array {
    const all = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    this.buffered = all.length - length;
    if (this.buffered > 0) this.chunks.push(all.subarray(length));
    return all.subarray(0, length);
  }

  private bounded<T>(
    start: (resolve: (value: T) => void, reject: (error: KerberosError) => void) => void,
  ): Promise<T> {
    const { signal } = this;
    let overdue: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    return new Promise<T>((resolve, reject) => {
      onAbort = () => reject(new KerberosError('ABORTED', 'aborted', { cause: signal?.reason }));
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      overdue = setTimeout(
        () => reject(new KerberosError('SENDAUTH', 'The other side does not go on')),
        this.timeout * 1000,
      );
      start(resolve, reject);
    }).finally(() => {
      clearTimeout(overdue);
      signal?.removeEventListener('abort', onAbort);
    });
  }
}

function asleep(): void {}
