import { BinaryWriter } from './binary.ts';

/** Common header: version 1, little endian, its length and a filler (MS-RPCE 2.2.6.1). */
const COMMON_HEADER = Uint8Array.of(1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc);
/** A top-level type is padded to this (MS-RPCE 2.2.6.2). */
const SERIALIZED_ALIGNMENT = 8;
const FIRST_REFERENT = 0x20000;

/** The inverse of `NdrReader`: the targets of pointers are written behind the structure that contains them. */
export class NdrWriter {
  private readonly output = new BinaryWriter('little');
  private offset = 0;
  private pointers = 0;
  private deferred: (() => void)[] = [];

  u16(value: number): void {
    this.align(2);
    this.output.u16(value);
    this.offset += 2;
  }

  u32(value: number): void {
    this.align(4);
    this.output.u32(value);
    this.offset += 4;
  }

  bytes(value: Uint8Array): void {
    this.output.put(value);
    this.offset += value.length;
  }

  /** A pointer to what `write` writes at the end of the surrounding structure; without `write`, a null pointer. */
  pointer(write?: () => void): void {
    this.u32(write === undefined ? 0 : FIRST_REFERENT + 4 * this.pointers++);
    if (write !== undefined) this.deferred.push(write);
  }

  /** Writes a structure, then the targets of its pointers in their order, and so on. */
  structure(write: () => void): void {
    const outer = this.deferred;
    this.deferred = [];
    write();
    for (const pointee of this.deferred) this.structure(pointee);
    this.deferred = outer;
  }

  /** A conformant array: the count, then the members. */
  array<T>(members: readonly T[], write: (member: T) => void): void {
    this.u32(members.length);
    for (const member of members) write(member);
  }

  align(size: number): void {
    while (this.offset % size !== 0) this.bytes(ZERO);
  }

  /** A copy of what has been written. */
  finish(): Uint8Array {
    return this.output.finish();
  }
}

const ZERO = new Uint8Array(1);

/** Serializes a top-level type: two headers, a pointer to it, and what `write` writes. */
export function writeSerialized(write: (writer: NdrWriter) => void): Uint8Array {
  const writer = new NdrWriter();
  writer.structure(() => writer.pointer(() => write(writer)));
  writer.align(SERIALIZED_ALIGNMENT);
  const body = writer.finish();
  const output = new BinaryWriter('little');
  output.put(COMMON_HEADER);
  output.u32(body.length);
  output.u32(0);
  output.put(body);
  return output.finish();
}
