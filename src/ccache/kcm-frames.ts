import { CodecError } from '../errors.ts';
import { MAX_KCM_BYTES } from './kcm-protocol.ts';

const LENGTH_BYTES = 4;
const NOTHING = new Uint8Array();

/** Cuts what arrives on a connection into requests, or into replies, whose length leaves out their status word. */
export class KcmFrames {
  private readonly extra: number;
  /** What has arrived is its beginning. */
  private buffer: Uint8Array = NOTHING;
  private held = 0;

  constructor(of: 'requests' | 'replies') {
    this.extra = of === 'replies' ? LENGTH_BYTES : 0;
  }

  /** How many bytes are kept while the rest of theirs is awaited. */
  get size(): number {
    return this.buffer.length;
  }

  push(chunk: Uint8Array): void {
    const length = this.held + chunk.length;
    if (this.held === 0) {
      this.buffer = chunk;
    } else {
      if (length > this.buffer.length) this.grow(length);
      this.buffer.set(chunk, this.held);
    }
    this.held = length;
  }

  /** The next one, without its length; nothing else is kept for as long as it. Throws CodecError for one that is too long. */
  next(): Uint8Array | undefined {
    const { buffer, held } = this;
    if (held < LENGTH_BYTES) return undefined;
    const length = ((buffer[0]! << 24) | (buffer[1]! << 16) | (buffer[2]! << 8) | buffer[3]!) >>> 0;
    if (length > MAX_KCM_BYTES) throw new CodecError(`longer than ${MAX_KCM_BYTES} bytes`);
    const end = LENGTH_BYTES + length + this.extra;
    if (held < end) return undefined;
    this.held -= end;
    this.buffer = held > end ? buffer.subarray(end, held) : NOTHING;
    // As a rule a request arrives by itself, in memory of its own.
    const alone = buffer.buffer.byteLength === end;
    const bytes = alone ? buffer : new Uint8Array(buffer.subarray(0, end));
    return new Uint8Array(bytes.buffer, bytes.byteOffset + LENGTH_BYTES, end - LENGTH_BYTES);
  }

  /** To twice the size, so that a long one in small pieces is not copied over and over. */
  private grow(length: number): void {
    const bigger = new Uint8Array(Math.max(length, 2 * this.buffer.length));
    bigger.set(this.buffer.subarray(0, this.held));
    this.buffer = bigger;
  }
}
