import { BinaryReader, BinaryWriter, type ByteOrder, fromSeconds, toSeconds } from '../codec/binary.ts';
import type { Codec } from '../codec/codec.ts';
import { bytesToText, textToBytes } from '../codec/text.ts';
import { CodecError } from '../errors.ts';
import { NT_UNKNOWN } from '../messages/numbers.ts';
import type { Principal } from '../messages/principal.ts';
import type { KeytabEntry } from './keytab.ts';

/** Enough for a hundred thousand keys. */
export const MAX_KEYTAB_BYTES = 16 << 20;

/** How a keytab's records are written: version 1 in the byte order of its writer, version 2 big-endian. */
interface KeytabFormat {
  readonly version: 1 | 2;
  readonly order: ByteOrder;
}

const VERSION_2: KeytabFormat = { version: 2, order: 'big' };

/** An entry and the place of its record. */
interface KeytabRecord {
  readonly entry: KeytabEntry;
  /** Where the record's length field starts. */
  readonly offset: number;
  /** How many bytes follow the length field. */
  readonly size: number;
}

/** The contents of a keytab file and their places. */
export interface KeytabScan {
  readonly format: KeytabFormat;
  readonly records: readonly KeytabRecord[];
  /** Where the next record goes. */
  readonly end: number;
  /** Whether something other than a record is at `end`. */
  readonly damaged: boolean;
}

/**
 * The file format of keytabs. Reads versions 1 and 2 up to the first malformed record, writes version 2 with 32-bit key
 * versions. Throws CodecError if the bytes are no keytab at all.
 */
export const KeytabFile: Codec<readonly KeytabEntry[]> = { encode, decode };

function decode(bytes: Uint8Array): readonly KeytabEntry[] {
  return scanKeytab(bytes).records.map(record => record.entry);
}

function encode(entries: readonly KeytabEntry[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.u16(0x0502);
  for (const entry of entries) writer.put(encodeRecord(entry, VERSION_2));
  return writer.finish();
}

/** Like `decode` of `KeytabFile`, with the places of the records. */
export function scanKeytab(bytes: Uint8Array): KeytabScan {
  if (bytes.length > MAX_KEYTAB_BYTES) throw new CodecError(`longer than ${MAX_KEYTAB_BYTES} bytes`);
  if (bytes[0] === 5 && bytes[1] === 2) return scan(bytes, VERSION_2);
  if (bytes[0] !== 5 || bytes[1] !== 1) throw new CodecError('not 5.1 or 5.2', ['version']);
  const little = scan(bytes, { version: 1, order: 'little' });
  if (!little.damaged) return little;
  const big = scan(bytes, { version: 1, order: 'big' });
  return big.records.length > little.records.length ? big : little;
}

function scan(bytes: Uint8Array, format: KeytabFormat): KeytabScan {
  const records: KeytabRecord[] = [];
  const reader = new BinaryReader(bytes, format.order);
  reader.u16('version');
  while (reader.remaining() > 0) {
    const offset = reader.offset;
    try {
      const size = reader.i32('size');
      // A length of zero marks the end; new records may overwrite it.
      if (size === 0) return { format, records, end: offset, damaged: false };
      const record = reader.take(Math.abs(size), 'record');
      if (size > 0) records.push({ entry: decodeRecord(record, format), offset, size });
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return { format, records, end: offset, damaged: true };
    }
  }
  return { format, records, end: reader.offset, damaged: false };
}

function decodeRecord(record: Uint8Array, format: KeytabFormat): KeytabEntry {
  const reader = new BinaryReader(record, format.order);
  const { realm, components } = readName(reader, format);
  const nameType = format.version === 1 ? NT_UNKNOWN : reader.i32('nameType');
  const timestamp = fromSeconds(reader.u32('timestamp'));
  const shortKvno = reader.u8('kvno');
  const key = { keytype: reader.i16('keytype'), keyvalue: reader.counted16('keyvalue') };
  // Absent in records of old versions, and zero in a record that replaced a longer one.
  const longKvno = reader.remaining() >= 4 ? reader.u32('kvno') : 0;
  return { principal: { nameType, components, realm }, timestamp, kvno: longKvno || shortKvno, key };
}

function readName(reader: BinaryReader, format: KeytabFormat): Pick<Principal, 'realm' | 'components'> {
  // Version 1 counts the realm.
  const count = reader.u16('count') - (format.version === 1 ? 1 : 0);
  const realm = bytesToText(reader.counted16('realm'));
  const components: string[] = [];
  for (let i = 0; i < count; i++) components.push(bytesToText(reader.counted16(String(i))));
  return { realm, components };
}

/** One record with its length field. */
export function encodeRecord(entry: KeytabEntry, format: KeytabFormat): Uint8Array {
  const body = new BinaryWriter(format.order);
  const { principal, key } = entry;
  body.u16(principal.components.length + (format.version === 1 ? 1 : 0));
  body.counted16(textToBytes(principal.realm));
  for (const component of principal.components) body.counted16(textToBytes(component));
  if (format.version === 2) body.i32(principal.nameType);
  body.u32(toSeconds(entry.timestamp));
  body.u8(entry.kvno & 0xff);
  body.i16(key.keytype);
  body.counted16(key.keyvalue);
  body.u32(entry.kvno);
  const record = new BinaryWriter(format.order);
  record.counted32(body.finish());
  return record.finish();
}

/** The record that marks `size` bytes as free: a hole, whose length is negative. */
export function encodeHole(size: number, format: KeytabFormat): Uint8Array {
  const hole = new BinaryWriter(format.order);
  hole.i32(-size);
  hole.put(new Uint8Array(size));
  return hole.finish();
}
