/** Messages of 64 KiB fit, with whatever formats put around them; it is rare that there are longer ones. */
const MAX_BYTES = 1 << 17;

/**
 * Memory for what is put together only to be read by the next call of node:crypto: to allocate it anew costs as much as
 * to encrypt it. Whoever takes it has it until the next take, and clears it when done.
 */
export class Scratch {
  private bytes: Buffer | undefined;

  /** `length` bytes of any content. */
  take(length: number): Buffer {
    if (length > MAX_BYTES) return Buffer.allocUnsafe(length);
    if (this.bytes === undefined || this.bytes.length < length) {
      this.bytes = Buffer.allocUnsafeSlow(Math.max(length, 4096));
    }
    return this.bytes.subarray(0, length);
  }
}
