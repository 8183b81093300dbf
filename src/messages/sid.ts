import { BinaryReader } from '../codec/binary.ts';
import type { NdrReader } from '../codec/ndr.ts';

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

/** The same in NDR, where the count of the parts comes before it. */
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
