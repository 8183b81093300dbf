import { CodecError } from '../errors.ts';
import { BinaryReader } from './binary.ts';

/** No list in a message has more members; each length is also checked against the bytes that are left. */
const MAX_MEMBERS = 65_536;
/** The common and the private header of a top-level type (MS-RPCE 2.2.6). */
const HEADERS_BYTES = 16;
const LITTLE_ENDIAN = 0x10;

/**
 * A cursor over NDR, 32 bits, little endian (C706 chapter 14): numbers are aligned to their size, and the target of a
 * pointer inside a structure follows after the structure.
 */
export class NdrReader {
  private readonly input: BinaryReader;
  private deferred: (() => void)[] = [];

  constructor(bytes: Uint8Array) {
    this.input = new BinaryReader(bytes, 'little');
  }

  u8(field: string): number {
    return this.input.u8(field);
  }

  u16(field: string): number {
    this.align(2);
    return this.input.u16(field);
  }

  u32(field: string): number {
    this.align(4);
    return this.input.u32(field);
  }

  u64(field: string): bigint {
    this.align(8);
    const low = BigInt(this.input.u32(field));
    return (BigInt(this.input.u32(field)) << 32n) | low;
  }

  i64(field: string): bigint {
    return BigInt.asIntN(64, this.u64(field));
  }

  bytes(length: number, field: string): Uint8Array {
    return this.input.take(length, field);
  }

  /**
   * A pointer: `read` reads its target at the end of the surrounding structure; it is not called for a null pointer.
   */
  pointer(field: string, read: () => void): void {
    if (this.u32(field) !== 0) this.deferred.push(read);
  }

  /** Reads a structure, then the targets of its pointers in their order, and so on. */
  structure<T>(read: () => T): T {
    const outer = this.deferred;
    this.deferred = [];
    const value = read();
    for (const pointee of this.deferred) this.structure(pointee);
    this.deferred = outer;
    return value;
  }

  /** A conformant array: the count, which must be `count`, then as many members. */
  array<T>(count: number, field: string, read: (index: number) => T): T[] {
    if (this.u32(field) !== count) throw this.input.error('two counts that differ', field);
    if (count > MAX_MEMBERS || count > this.input.remaining())
      throw this.input.error(`${count} members`, field);
    return Array.from({ length: count }, (_, i) => read(i));
  }

  /** A conformant array of bytes. */
  byteArray(count: number, field: string): Uint8Array {
    if (this.u32(field) !== count) throw this.input.error('two counts that differ', field);
    return this.input.take(count, field);
  }

  /** A conformant and varying array of UTF-16 units, as text; a terminating zero is omitted. */
  wideText(field: string): string {
    const maximum = this.u32(field);
    const offset = this.u32(field);
    const actual = this.u32(field);
    if (offset !== 0 || actual > maximum)
      throw this.input.error('a text that is not within its bounds', field);
    return utf16(this.input.take(actual * 2, field));
  }

  private align(size: number): void {
    const over = this.input.offset % size;
    if (over !== 0) this.input.take(size - over, 'alignment');
  }
}

/** Reads a top-level type, after its two headers and a pointer to it; null for a null pointer. */
export function readSerialized<T>(bytes: Uint8Array, read: (reader: NdrReader) => T): T | null {
  const input = new BinaryReader(bytes, 'little');
  if (input.u8('version') !== 1) throw input.error('not a version that we know', 'version');
  if (input.u8('endianness') !== LITTLE_ENDIAN) throw input.error('not little endian', 'endianness');
  if (bytes.length < HEADERS_BYTES) throw new CodecError('ends early');
  const reader = new NdrReader(bytes.subarray(HEADERS_BYTES));
  let value: T | null = null;
  reader.structure(() =>
    reader.pointer('pointer', () => {
      value = read(reader);
    }),
  );
  return value;
}

/** UTF-16, little endian, up to the first zero. */
export function utf16(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length & ~1).toString('utf16le');
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The inverse of `utf16`, without a zero at the end. */
export function toUtf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'));
}
