import { CodecError } from '../errors.ts';
import { MAX_KCM_BYTES } from './kcm-protocol.ts';

const LENGTH_BYTES = 4;

/** Cuts what arrives on a connection into requests, or into replies, whose length leaves out their status word. */
export class KcmFrames {
  private readonly extra: number;
  /** What has arrived is its beginning. */
  private buffer: Uint8Array = new Uint8Array();
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

  /** The next one, without its length, as a copy. Throws CodecError for one that is too long. */
  next(): Uint8Array | undefined {
    if (this.held < LENGTH_BYTES) return undefined;
    const length = new DataView(this.buffer.buffer, this.buffer.byteOffset).getUint32(0);
    if (length > MAX_KCM_BYTES) throw new CodecError(`longer than ${MAX_KCM_BYTES} bytes`);
    const end = LENGTH_BYTES + length + this.extra;
    if (this.held < end) return undefined;
    const bytes = Uint8Array.from(this.buffer.subarray(LENGTH_BYTES, end));
    this.buffer = this.held > end ? this.buffer.subarray(end, this.held) : new Uint8Array();
    this.held -= end;
    return bytes;
  }

  /** To twice the size, so that a long one in small pieces is not copied over and over. */
  private grow(length: number): void {
    const bigger = new Uint8Array(Math.max(length, 2 * this.buffer.length));
    bigger.set(this.buffer.subarray(0, this.held));
    this.buffer = bigger;
  }
}
