/**
 * Writes DER from the last byte to the first: the content is written before its length, so nothing is measured twice or
 * moved.
 */
export class DerWriter {
  private buffer = new Uint8Array(1024);
  /** Where the written bytes start. */
  offset = this.buffer.length;

  reset(): void {
    this.offset = this.buffer.length;
  }

  /** A view of what has been written. */
  written(): Uint8Array {
    return this.buffer.subarray(this.offset);
  }

  /** What has been written, not copied: valid until more is written. */
  view(): Uint8Array {
    return this.buffer.subarray(this.offset);
  }

  octet(value: number): void {
    if (this.offset === 0) this.grow(1);
    this.buffer[--this.offset] = value;
  }

  /** The octet written last, which comes first in the result. */
  firstOctet(): number {
    return this.buffer[this.offset]!;
  }

  bytes(value: Uint8Array): void {
    if (this.offset < value.length) this.grow(value.length);
    this.offset -= value.length;
    this.buffer.set(value, this.offset);
  }

  /** Writes ASCII text, which names usually are; writes nothing and returns false for any other. */
  ascii(text: string): boolean {
    const { length } = text;
    if (this.offset < length) this.grow(length);
    const start = this.offset - length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.buffer[start + i] = code;
    }
    this.offset = start;
    return true;
  }

  /** How much has been written: pass it to `header` to wrap what is written afterwards. */
  mark(): number {
    return this.buffer.length - this.offset;
  }

  /** Writes the header of the value whose content has been written since `mark`. */
  header(tag: number, mark: number): void {
    const length = this.mark() - mark;
    if (length < 0x80) {
      this.octet(length);
    } else {
      let count = 0;
      for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
        this.octet(rest & 0xff);
        count++;
      }
      this.octet(0x80 | count);
    }
    this.octet(tag);
  }

  private grow(needed: number): void {
    const used = this.mark();
    const bigger = new Uint8Array(Math.max(this.buffer.length * 2, used + needed));
    bigger.set(this.buffer.subarray(this.offset), bigger.length - used);
    this.buffer = bigger;
    this.offset = bigger.length - used;
  }
}
