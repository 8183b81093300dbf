import { BinaryReader, BinaryWriter } from '../codec/binary.ts';
import type { NdrReader } from '../codec/ndr.ts';
import type { NdrWriter } from '../codec/ndr-writer.ts';
import { CodecError } from '../errors.ts';

const MAX_SUBAUTHORITIES = 15;

/** A security identifier in its usual form, such as `S-1-5-21-1-2-3-500`, from its packet form (MS-DTYP 2.4.2.2). */
export function decodeSid(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes, 'little');
  const revision = reader.u8('revision');
  const count = reader.u8('count');
  const authority = reader.take(6, 'authority');
  if (revision !== 1 || count > MAX_SUBAUTHORITIES) throw reader.error('not a SID', 'revision');
  const parts = Array.from({ length: count }, () => reader.u32('subauthority'));
  return formatSid(authority, parts);
}

/** Reads a SID in NDR, where the count of its parts precedes it. */
export function readSid(reader: NdrReader): string {
  const count = reader.u32('count');
  const bytes = reader.bytes(8, 'sid');
  const parts = Array.from({ length: Math.min(count, MAX_SUBAUTHORITIES) }, () => reader.u32('subauthority'));
  return formatSid(bytes.subarray(2), parts);
}

function formatSid(authority: Uint8Array, parts: readonly number[]): string {
  const number = authority.reduce((sum, byte) => sum * 256 + byte, 0);
  return ['S', 1, number, ...parts].join('-');
}

/** The packet form of a SID in text. Throws CodecError. */
export function encodeSid(text: string): Uint8Array {
  const { authority, parts } = parseSid(text);
  const output = new BinaryWriter('little');
  output.u8(1);
  output.u8(parts.length);
  output.u16(0);
  // Only the authority is big-endian.
  for (const shift of [24, 16, 8, 0]) output.u8((authority >>> shift) & 0xff);
  for (const part of parts) output.u32(part);
  return output.finish();
}

/** Writes a SID in NDR. */
export function writeSid(writer: NdrWriter, text: string): void {
  const bytes = encodeSid(text);
  writer.u32(bytes[1]!);
  writer.bytes(bytes);
}

function parseSid(text: string): { readonly authority: number; readonly parts: readonly number[] } {
  const numbers = /^S-1(-\d+)+$/.test(text) ? text.slice(4).split('-').map(Number) : [];
  const [authority, ...parts] = numbers;
  const fits = numbers.every(number => number <= 0xffff_ffff) && parts.length <= MAX_SUBAUTHORITIES;
  if (authority === undefined || !fits) throw new CodecError(`${text} is not a SID`);
  return { authority, parts };
}
