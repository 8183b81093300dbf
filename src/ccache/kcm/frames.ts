import { CodecError } from '../../errors.ts';
import { MAX_KCM_BYTES } from './protocol.ts';

const LENGTH_BYTES = 4;
const NOTHING = new Uint8Array();

/** Splits what arrives on a connection into requests, or into replies, whose length excludes their status word. */
export class KcmFrames {
  private readonly extra: number;
  /** The beginning of it contains what has arrived. */
  private buffer: Uint8Array = NOTHING;
  private held = 0;
  /** Whether the buffer is the memory of a received chunk. */
  private borrowed = false;

  constructor(of: 'requests' | 'replies') {
    this.extra = of === 'replies' ? LENGTH_BYTES : 0;
  }

  /** How many bytes of incomplete frames are kept. */
  get size(): number {
    return this.buffer.length;
  }

  push(chunk: Uint8Array): void {
    const length = this.held + chunk.length;
    if (this.held === 0) {
      this.buffer = chunk;
      this.borrowed = true;
    } else {
      if (length > this.buffer.length) this.grow(length);
      this.buffer.set(chunk, this.held);
    }
    this.held = length;
  }

  /**
   * The next frame, without its length; its memory keeps nothing else alive. Throws CodecError for one that is too
   * long.
   */
  next(): Uint8Array | undefined {
    const frame = this.frame();
    if (frame === undefined) return undefined;
    // Usually a frame arrives alone, in memory of its own.
    const alone = frame.buffer.byteLength === frame.length;
    return alone ? new Uint8Array(frame.buffer, LENGTH_BYTES) : new Uint8Array(frame.subarray(LENGTH_BYTES));
  }

  /** The next frame with its length, if it has arrived; in the memory of its chunk, or the chunk itself. */
  frame(): Uint8Array | undefined {
    const { buffer, held } = this;
    if (held < LENGTH_BYTES) return undefined;
    const length = ((buffer[0]! << 24) | (buffer[1]! << 16) | (buffer[2]! << 8) | buffer[3]!) >>> 0;
    if (length > MAX_KCM_BYTES) throw new CodecError(`longer than ${MAX_KCM_BYTES} bytes`);
    const end = LENGTH_BYTES + length + this.extra;
    if (held < end) return undefined;
    this.held -= end;
    this.buffer = held > end ? buffer.subarray(end, held) : NOTHING;
    return buffer.length === end ? buffer : buffer.subarray(0, end);
  }

  /** Copies what is left of the last chunk, or of a long frame, so that their memory can be reused. */
  keep(): void {
    const part = this.buffer.length < this.buffer.buffer.byteLength;
    if (this.held > 0 && (this.borrowed || part)) this.buffer = new Uint8Array(this.buffer);
    this.borrowed = false;
  }

  /** To twice the size, so that a long frame in small pieces is not copied again and again. */
  private grow(length: number): void {
    const bigger = new Uint8Array(Math.max(length, 2 * this.buffer.length));
    bigger.set(this.buffer.subarray(0, this.held));
    this.buffer = bigger;
    this.borrowed = false;
  }
}
