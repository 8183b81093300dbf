import { CodecError } from '../../errors.ts';

/** MIT's KDC reads requests of up to 1 MiB over TCP; nothing longer than this is ever one message. */
export const MAX_DER_BYTES = 1 << 20;
/** The deepest RFC 4120 value, a KRB-CRED's ticket names, nests 14 levels. */
const MAX_DEPTH = 32;

/** A cursor over DER (X.690 §10). Lengths are checked against the enclosing value before anything is read. */
export class DerReader {
  readonly bytes: Uint8Array;
  offset = 0;
  /** The end of the value being read. */
  limit: number;
  private depth = 0;
  private alias = -1;
  private aliasTag = 0;

  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_DER_BYTES) throw new CodecError(`longer than ${MAX_DER_BYTES} bytes`);
    // Views of a Buffer would be Buffers, but the API promises Uint8Array.
    this.bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.limit = bytes.length;
  }

  /** The identifier octet ahead, or -1 at the end of the enclosing value. */
  peekTag(): number {
    if (this.offset >= this.limit) return -1;
    return this.offset === this.alias ? this.aliasTag : this.bytes[this.offset]!;
  }

  /** Reads a header that must carry `tag`; returns where its content ends. */
  open(tag: number): number {
    const found = this.peekTag();
    if (found !== tag)
      throw new CodecError(found < 0 ? 'missing' : `tag ${hex(found)} where ${hex(tag)} belongs`);
    this.offset++;
    this.alias = -1;
    return this.contentEnd();
  }

  /** As `open`, and makes the content the enclosing value; returns the limit to give to `leave`. */
  enter(tag: number): number {
    const end = this.open(tag);
    if (++this.depth > MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH} levels`);
    const outer = this.limit;
    this.limit = end;
    return outer;
  }

  /** Ends the enclosing value, which must have been read completely. */
  leave(outer: number): void {
    if (this.offset !== this.limit) throw new CodecError('bytes left over');
    this.limit = outer;
    this.depth--;
  }

  /** Lets `read` see the tag ahead as `tag`: an implicitly tagged value is read as its underlying type. */
  readAs<T>(tag: number, read: () => T): T {
    this.alias = this.offset;
    this.aliasTag = tag;
    return read();
  }

  /** Skips one whole element of any tag and returns its bytes. */
  element(): Uint8Array {
    const start = this.offset;
    const tag = this.peekTag();
    if (tag < 0) throw new CodecError('missing');
    if ((tag & 0x1f) === 0x1f) throw new CodecError('tag numbers above 30 do not occur');
    this.offset++;
    this.alias = -1;
    this.offset = this.contentEnd();
    return this.bytes.subarray(start, this.offset);
  }

  private contentEnd(): number {
    const length = this.length();
    const end = this.offset + length;
    if (end > this.limit) throw new CodecError(`length ${length} runs past the enclosing value`);
    return end;
  }

  private length(): number {
    const first = this.octet();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0) throw new CodecError('indefinite length');
    if (count > 4) throw new CodecError('length of more than 4 octets');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.octet();
    if (length < 0x80 || length >>> (8 * (count - 1)) === 0)
      throw new CodecError('length not in its shortest form');
    return length;
  }

  private octet(): number {
    if (this.offset >= this.limit) throw new CodecError('ends within a length');
    return this.bytes[this.offset++]!;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
