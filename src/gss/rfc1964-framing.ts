import { defective } from './token-errors.ts';

/** The mechanism's object identifier, 1.2.840.113554.1.2.2, with its tag and length. */
const MECHANISM = Buffer.of(0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02);
const TAG = 0x60;

/** Where the content of a token begins, and how much of it the framing counts. */
export interface Framing {
  readonly start: number;
  readonly length: number;
}

/** How many bytes the framing of a content of `length` bytes has (RFC 2743 §3.1). */
export function framingLength(length: number): number {
  return 1 + lengthOctets(MECHANISM.length + length) + MECHANISM.length;
}

/** Begins a token with the framing of a content of `length` bytes. */
export function writeFraming(token: Buffer, length: number): void {
  const inner = MECHANISM.length + length;
  const octets = lengthOctets(inner);
  token[0] = TAG;
  if (octets === 1) token[1] = inner;
  else {
    token[1] = 0x80 | (octets - 1);
    token.writeUIntBE(inner, 2, octets - 1);
  }
  token.set(MECHANISM, 1 + octets);
}

/** Reads the framing that a token begins with; throws DEFECTIVE_TOKEN. */
export function readFraming(token: Buffer): Framing {
  if (token.length < 2 || token[0] !== TAG) throw defective('has no framing');
  const first = token[1]!;
  const octets = first < 0x80 ? 1 : 1 + (first & 0x7f);
  const start = 1 + octets + MECHANISM.length;
  if (octets > 5 || token.length < start) throw defective('has no framing');
  const inner = octets === 1 ? first & 0x7f : token.readUIntBE(2, octets - 1);
  if (octets !== lengthOctets(inner)) throw defective('has a length that is not in DER');
  if (!token.subarray(1 + octets, start).equals(MECHANISM)) throw defective('is of another mechanism');
  return { start, length: inner - MECHANISM.length };
}

/** How many octets DER has for a length. */
function lengthOctets(length: number): number {
  return length < 0x80 ? 1 : 1 + Math.ceil((32 - Math.clz32(length)) / 8);
}
