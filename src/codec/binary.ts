import { CodecError } from '../errors.ts';
import { bytesToText } from './text.ts';

/** The order of the bytes within a number. */
export type ByteOrder = 'big' | 'little';

/** The data ended before the value did. */
export class EndOfDataError extends CodecError {
  /** How many bytes the value has, as the length before it says; 0 if there is none. */
  readonly wanted: number;

  constructor(path: readonly string[], wanted = 0) {
    super('ends early', path);
    this.wanted = wanted;
  }
}

/** A cursor over a binary format of fixed-size numbers and counted bytes; each read names its field for the error. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  offset = 0;
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly path: string[] = [];
  /** The same bytes, for `text32`. */
  private buffer: Buffer | undefined;

  constructor(bytes: Uint8Array, order: ByteOrder = 'big') {
    // Views of a Buffer would be Buffers, but the API promises Uint8Array.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.little = order === 'little';
  }

  /** How many bytes are left. */
  remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Prefixes the fields that `read` reads with `name`; after an error the reader must not be used any more. */
  within<T>(name: string, read: () => T): T {
    this.enter(name);
    const value = read();
    this.leave();
    return value;
  }

  /** The same in two halves, for what is read many thousand times. */
  enter(name: string): void {
    this.path.push(name);
  }

  leave(): void {
    this.path.pop();
  }

  u8(field: string): number {
    return this.view.getUint8(this.advance(1, field));
  }

  u16(field: string): number {
    return this.view.getUint16(this.advance(2, field), this.little);
  }

  i16(field: string): number {
    return this.view.getInt16(this.advance(2, field), this.little);
  }

  u32(field: string): number {
    return this.view.getUint32(this.advance(4, field), this.little);
  }

  i32(field: string): number {
    return this.view.getInt32(this.advance(4, field), this.little);
  }

  /** The next `length` bytes, not copied. */
  take(length: number, field: string): Uint8Array {
    const start = this.advance(length, field);
    return this.bytes.subarray(start, this.offset);
  }

  /** Bytes preceded by their length as a u16. */
  counted16(field: string): Uint8Array {
    return this.take(this.u16(field), field);
  }

  /** Bytes preceded by their length as a u32. */
  counted32(field: string): Uint8Array {
    const length = this.u32(field);
    if (length > this.remaining()) throw this.endsBefore(length, field);
    return this.take(length, field);
  }

  /** Text preceded by its length in bytes as a u32; see `bytesToText`. */
  text32(field: string): string {
    const length = this.u32(field);
    if (length > this.remaining()) throw this.endsBefore(length, field);
    const start = this.advance(length, field);
    for (let at = start; at < this.offset; at++) {
      if (this.bytes[at]! > 0x7f) return bytesToText(this.bytes.subarray(start, this.offset));
    }
    this.buffer ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    return this.buffer.toString('latin1', start, this.offset);
  }

  /** The error for a problem with `field`. */
  error(message: string, field: string): CodecError {
    return new CodecError(message, [...this.path, field]);
  }

  private endsBefore(wanted: number, field: string): EndOfDataError {
    return new EndOfDataError([...this.path, field], wanted);
  }

  private advance(length: number, field: string): number {
    const start = this.offset;
    if (length > this.bytes.length - start) throw new EndOfDataError([...this.path, field]);
    this.offset = start + length;
    return start;
  }
}

/** The inverse of `BinaryReader`. Numbers that do not fit throw `CodecError`. */
export class BinaryWriter {
  private buffer = new Uint8Array(1024);
  private view = new DataView(this.buffer.buffer);
  private length = 0;
  private readonly little: boolean;

  constructor(order: ByteOrder = 'big') {
    this.little = order === 'little';
  }

  u8(value: number): void {
    check(value, 0, 0xff);
    const at = this.advance(1);
    this.view.setUint8(at, value);
  }

  u16(value: number): void {
    check(value, 0, 0xffff);
    const at = this.advance(2);
    this.view.setUint16(at, value, this.little);
  }

  i16(value: number): void {
    check(value, -0x8000, 0x7fff);
    const at = this.advance(2);
    this.view.setInt16(at, value, this.little);
  }

  u32(value: number): void {
    check(value, 0, 0xffffffff);
    const at = this.advance(4);
    this.view.setUint32(at, value, this.little);
  }

  i32(value: number): void {
    check(value, -0x80000000, 0x7fffffff);
    const at = this.advance(4);
    this.view.setInt32(at, value, this.little);
  }

  put(bytes: Uint8Array): void {
    const at = this.advance(bytes.length);
    this.buffer.set(bytes, at);
  }

  counted16(bytes: Uint8Array): void {
    this.u16(bytes.length);
    this.put(bytes);
  }

  counted32(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.put(bytes);
  }

  /** A copy of what has been written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** Makes room and returns where it starts; it may replace `view` and `buffer`, so call it before using them. */
  private advance(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const bigger = new Uint8Array(Math.max(this.buffer.length * 2, this.length));
      bigger.set(this.buffer.subarray(0, start));
      this.buffer = bigger;
      this.view = new DataView(bigger.buffer);
    }
    return start;
  }
}

const LAST_SECOND = 0xffffffff;

/** A date as the unsigned seconds of 32-bit formats; one outside 1970–2106 becomes the nearest that fits. */
export function toSeconds(date: Date): number {
  const seconds = Math.floor(date.getTime() / 1000);
  if (Number.isNaN(seconds)) throw new CodecError('not a date');
  return Math.min(Math.max(seconds, 0), LAST_SECOND);
}

/** The date of unsigned seconds since 1970. */
export function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1000);
}

function check(value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new CodecError(`${value} is not between ${least} and ${most}`);
  }
}
