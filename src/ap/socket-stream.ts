import type { Duplex } from 'node:stream';
import { KerberosError } from '../errors.ts';
import type { ByteStream } from './byte-stream.ts';

export interface SocketStreamOptions {
  /** The seconds that a whole read or write may take; 10 if not given. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A ByteStream over a connected socket, which the caller must close. It reads no more than was asked for. */
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
  /** Makes a pending call check again whether it can finish. */
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
        // Several chunks may arrive in one turn; the later ones are for the next read.
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
        () => reject(new KerberosError('SENDAUTH', 'The other side did not answer in time')),
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
