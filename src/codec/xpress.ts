import { CodecError } from '../errors.ts';

const SYMBOLS = 512;
const TABLE_BYTES = 256;
const MAX_CODE_BITS = 15;
/** A new table follows after so many bytes of output. */
const BLOCK_BYTES = 65_536;

/**
 * Decompresses Windows' LZ77+Huffman format (MS-XCA 2.2). `size` is the length of the output. Throws CodecError for
 * malformed data.
 */
export function inflateXpress(data: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let written = 0;
  let at = 0;
  while (written < size) {
    const table = decodingTable(data.subarray(at, at + TABLE_BYTES));
    const bits = new BitReader(data, at + TABLE_BYTES);
    const blockEnd = Math.min(written + BLOCK_BYTES, size);
    while (written < blockEnd) {
      const symbol = bits.symbol(table);
      if (symbol < 256) {
        output[written++] = symbol;
        continue;
      }
      const { length, distance } = bits.match(symbol - 256);
      if (distance > written || written + length > size) throw new CodecError('a match outside of the data');
      for (let i = 0; i < length; i++, written++) output[written] = output[written - distance]!;
    }
    at = bits.offset;
  }
  return output;
}

interface DecodingTable {
  /** The symbol, by the next 15 bits. */
  readonly symbols: Uint16Array;
  /** The number of bits in the code of a symbol. */
  readonly lengths: Uint8Array;
}

function decodingTable(packed: Uint8Array): DecodingTable {
  if (packed.length < TABLE_BYTES) throw new CodecError('ends early');
  const lengths = new Uint8Array(SYMBOLS);
  for (let i = 0; i < TABLE_BYTES; i++) {
    lengths[2 * i] = packed[i]! & 15;
    lengths[2 * i + 1] = packed[i]! >> 4;
  }
  const symbols = new Uint16Array(1 << MAX_CODE_BITS);
  let next = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      if (lengths[symbol] !== bits) continue;
      const span = 1 << (MAX_CODE_BITS - bits);
      if (next + span > symbols.length) throw new CodecError('codes that overlap');
      symbols.fill(symbol, next, next + span);
      next += span;
    }
  }
  if (next !== symbols.length) throw new CodecError('codes with a gap');
  return { symbols, lengths };
}

/** Bits come in 16-bit words; lengths too long for a symbol are bytes between these. */
class BitReader {
  offset: number;
  private readonly data: Uint8Array;
  private bits = 0;
  private extra = 16;

  constructor(data: Uint8Array, offset: number) {
    this.data = data;
    this.offset = offset;
    this.bits = ((this.word() << 16) | this.word()) >>> 0;
  }

  symbol({ symbols, lengths }: DecodingTable): number {
    const symbol = symbols[this.bits >>> (32 - MAX_CODE_BITS)]!;
    this.skip(lengths[symbol]!);
    return symbol;
  }

  match(code: number): { readonly length: number; readonly distance: number } {
    const distanceBits = code >> 4;
    let length = code & 15;
    if (length === 15) {
      length = this.byte();
      if (length === 255) {
        length = this.word();
        if (length === 0) length = (this.word() | (this.word() << 16)) >>> 0;
        if (length < 15) throw new CodecError('a length that is too short');
        length -= 15;
      }
      length += 15;
    }
    const low = distanceBits === 0 ? 0 : this.bits >>> (32 - distanceBits);
    this.skip(distanceBits);
    return { length: length + 3, distance: (1 << distanceBits) + low };
  }

  private skip(count: number): void {
    this.bits = count === 0 ? this.bits : (this.bits << count) >>> 0;
    this.extra -= count;
    if (this.extra < 0) {
      this.bits = (this.bits | (this.word() << -this.extra)) >>> 0;
      this.extra += 16;
    }
  }

  private byte(): number {
    if (this.offset >= this.data.length) throw new CodecError('ends early');
    return this.data[this.offset++]!;
  }

  /** Zeros beyond the end: the last words are read ahead. */
  private word(): number {
    const low = this.data[this.offset] ?? 0;
    const high = this.data[this.offset + 1] ?? 0;
    this.offset += 2;
    if (this.offset > this.data.length + 8) throw new CodecError('ends early');
    return low | (high << 8);
  }
}
