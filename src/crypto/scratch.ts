/** Enough for messages of 64 KiB and what formats add to them; longer ones are rare. */
const MAX_BYTES = 1 << 17;
/** The longest view that is kept. */
const MAX_KEPT = 2048;

/**
 * Memory for input that only the next call of node:crypto reads: allocating it each time costs as much as encrypting
 * it. Callers own it until the next `take`, and clear it when done.
 */
export class Scratch {
  private bytes: Uint8Array | undefined;
  /** Views of it by length; most lengths recur. */
  private readonly views: Uint8Array[] = [];
  private readonly wordViews: Int32Array[] = [];

  /** `length` bytes with undefined content. */
  take(length: number): Uint8Array {
    if (length > MAX_BYTES) return new Uint8Array(length);
    if (this.bytes === undefined || this.bytes.length < length) {
      this.bytes = new Uint8Array(Math.max(length, 4096));
      this.views.length = 0;
      this.wordViews.length = 0;
    }
    if (length <= MAX_KEPT) {
      this.views[length] ??= this.bytes.subarray(0, length);
      return this.views[length];
    }
    return this.bytes.subarray(0, length);
  }

  /** The beginning of what was last taken, which must be short, as words in the machine's byte order. */
  words(count: number): Int32Array {
    this.wordViews[count] ??= new Int32Array(this.bytes!.buffer, 0, count);
    return this.wordViews[count];
  }
}
