import { type NdrReader, readSerialized } from '../codec/ndr.ts';
import { inflateXpress } from '../codec/xpress.ts';
import { CodecError } from '../errors.ts';

/** One claim (MS-ADTS 2.2.18.6) and its source. */
export interface PacClaim {
  readonly source: 'AD' | 'certificate' | number;
  readonly id: string;
  readonly type: 'int64' | 'uint64' | 'string' | 'boolean';
  readonly values: readonly (string | bigint | boolean)[];
}

const FORMAT_NONE = 0;
const FORMAT_XPRESS_HUFFMAN = 4;
/** Far more than the claims of any directory need; compressed claims could state any length. */
const MAX_CLAIMS_BYTES = 1 << 20;
const TYPES = { 1: 'int64', 2: 'uint64', 3: 'string', 6: 'boolean' } as const;

/** Decodes a buffer of type 13 or 15: CLAIMS_SET_METADATA around a CLAIMS_SET. Throws CodecError. */
export function decodeClaims(bytes: Uint8Array): readonly PacClaim[] {
  if (bytes.length === 0) return [];
  const packed = readSerialized(bytes, readMetadata)?.();
  if (packed === undefined) return [];
  return readSerialized(unpacked(packed), readClaimsSet)?.() ?? [];
}

interface Packed {
  readonly data: Uint8Array;
  readonly format: number;
  readonly size: number;
}

function readMetadata(reader: NdrReader): () => Packed {
  let data = new Uint8Array();
  const length = reader.u32('claimsSetSize');
  reader.pointer('claimsSet', () => {
    data = new Uint8Array(reader.byteArray(length, 'claimsSet'));
  });
  const format = reader.u16('compressionFormat');
  const size = reader.u32('uncompressedClaimsSetSize');
  passReserved(reader);
  return () => ({ data, format, size });
}

function unpacked({ data, format, size }: Packed): Uint8Array {
  if (format === FORMAT_NONE) return data;
  if (format !== FORMAT_XPRESS_HUFFMAN || size > MAX_CLAIMS_BYTES) {
    throw new CodecError(`claims compressed in format ${format}`);
  }
  return inflateXpress(data, size);
}

function readClaimsSet(reader: NdrReader): () => readonly PacClaim[] {
  const arrays: (() => readonly PacClaim[])[] = [];
  const count = reader.u32('claimsArrayCount');
  reader.pointer('claimsArrays', () => {
    arrays.push(...reader.array(count, 'claimsArrays', () => readClaimsArray(reader)));
  });
  passReserved(reader);
  return () => arrays.flatMap(read => read());
}

/** Both structures end with a reserved field of bytes. */
function passReserved(reader: NdrReader): void {
  reader.u16('reservedType');
  const size = reader.u32('reservedFieldSize');
  reader.pointer('reservedField', () => reader.byteArray(size, 'reservedField'));
}

function readClaimsArray(reader: NdrReader): () => readonly PacClaim[] {
  const entries: (() => Omit<PacClaim, 'source'>)[] = [];
  const number = reader.u16('claimsSourceType');
  const source = number === 1 ? 'AD' : number === 2 ? 'certificate' : number;
  const count = reader.u32('claimsCount');
  reader.pointer('claimEntries', () => {
    entries.push(...reader.array(count, 'claimEntries', () => readEntry(reader)));
  });
  return () => entries.map(read => ({ source, ...read() }));
}

function readEntry(reader: NdrReader): () => Omit<PacClaim, 'source'> {
  let id = '';
  reader.pointer('id', () => {
    id = reader.wideText('id');
  });
  const number = reader.u16('type');
  const type = TYPES[number as keyof typeof TYPES];
  if (type === undefined || reader.u16('type') !== number) throw new CodecError(`a claim of type ${number}`);
  const values: { value: string | bigint | boolean }[] = [];
  const count = reader.u32('valueCount');
  reader.pointer('values', () => {
    values.push(...reader.array(count, 'values', () => readValue(reader, type)));
  });
  return () => ({ id, type, values: values.map(({ value }) => value) });
}

function readValue(reader: NdrReader, type: PacClaim['type']): { value: string | bigint | boolean } {
  switch (type) {
    case 'int64':
      return { value: reader.i64('value') };
    case 'uint64':
      return { value: reader.u64('value') };
    case 'boolean':
      return { value: reader.u64('value') !== 0n };
    case 'string': {
      const later = { value: '' };
      reader.pointer('value', () => {
        later.value = reader.wideText('value');
      });
      return later;
    }
  }
}
