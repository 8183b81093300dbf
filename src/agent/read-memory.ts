/** Longer slices are created anew each time. */
const MAX_KEPT = 1024;

/** The buffer that connections read into, one after the other. */
export class ReadMemory {
  readonly bytes: Buffer;
  private readonly beginnings: Buffer[] = [];

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  /** The first `length` bytes, as the same object each time: creating one costs as much as looking up a reply. */
  beginning(length: number): Buffer {
    if (length > MAX_KEPT) return this.bytes.subarray(0, length);
    const found = this.beginnings[length] ?? this.bytes.subarray(0, length);
    this.beginnings[length] = found;
    return found;
  }
}
