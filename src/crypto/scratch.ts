/** Messages of 64 KiB fit, with whatever formats put around them; it is rare that there are longer ones. */
const MAX_BYTES = 1 << 17;
/** The longest view that is kept. */
const MAX_KEPT = 2048;

/**
 * Memory for what is put together only to be read by the next call of node:crypto: to allocate it anew costs as much as
 * to encrypt it. Whoever takes it has it until the next take, and clears it when done.
 */
export class Scratch {
  private bytes: Uint8Array | undefined;
  /** Views of it by their lengths, of which most come again and again. */
  private readonly views: Uint8Array[] = [];

  /** `length` bytes of any content. */
  take(length: number): Uint8Array {
    if (length > MAX_BYTES) return new Uint8Array(length);
    if (this.bytes === undefined || this.bytes.length < length) {
      this.bytes = new Uint8Array(Math.max(length, 4096));
      this.views.length = 0;
    }
    if (length <= MAX_KEPT) {
      this.views[length] ??= this.bytes.subarray(0, length);
      return this.views[length];
    }
    return this.bytes.subarray(0, length);
  }
}
