import { CodecError } from '../errors.ts';

/** What a decoder substitutes for invalid UTF-8; it may also occur as such. */
const REPLACEMENT = '\ufffd';

/**
 * Bytes to text. Kerberos names are UTF-8 by custom but arbitrary bytes in old realms, so a byte that is not part of
 * valid UTF-8 becomes the lone surrogate U+DC80…U+DCFF that stands for it; `textToBytes` undoes this exactly.
 */
export function bytesToText(bytes: Uint8Array): string {
  const ascii = shortAscii(bytes, 0, bytes.length);
  if (ascii !== undefined) return ascii;
  // Making a TextDecoder takes longer than reading a configuration file.
  const text = viewOf(bytes).toString('utf8');
  return text.includes(REPLACEMENT) ? escapeInvalid(bytes) : text;
}

/** Text to bytes, the inverse of `bytesToText`. */
export function textToBytes(text: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
  // In place: a megabyte of such bytes, which anybody may send, must not cost an object each.
  const bytes = Buffer.alloc(text.length * 3);
  let length = 0;
  for (const piece of text) {
    const code = piece.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes[length++] = code - 0xdc00;
    else if (code < 0x80) bytes[length++] = code;
    else length += bytes.write(piece, length, 'utf8');
  }
  return Buffer.from(bytes.subarray(0, length));
}

/** Names are usually short and ASCII; calling the decoder takes longer than converting them here. */
export const SHORT_TEXT = 32;

/** The text of the bytes from `start` to `end`, if it is short and ASCII. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT) return undefined;
  let text = '';
  for (let i = start; i < end; i++) {
    if (bytes[i]! > 0x7f) return undefined;
    text += String.fromCharCode(bytes[i]!);
  }
  return text;
}

/** Recently read texts, each at the hash of its bytes. */
const recent: (string | undefined)[] = [];
const MAX_RECENT = 64;

/** Like `shortAscii`, for repeated texts that are not secret: recent strings are kept and returned again. */
export function recentAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT) return undefined;
  let place = end - start;
  for (let i = start; i < end; i++) place = (place * 31 + bytes[i]!) | 0;
  place = (place ^ (place >>> 6)) & (MAX_RECENT - 1);
  const known = recent[place];
  if (known !== undefined && known.length === end - start && isAt(known, bytes, start)) return known;
  const text = shortAscii(bytes, start, end);
  if (text !== undefined) recent[place] = text;
  return text;
}

function isAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

function escapeInvalid(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : codePoint(bytes, at, length);
    at += length || 1;
  }
  return text;
}

/** The bytes that may begin a UTF-8 sequence, those that may follow, and its length: RFC 3629 §4. */
const SEQUENCES: readonly (readonly [
  first: number,
  last: number,
  low: number,
  high: number,
  length: number,
])[] = [
  [0xc2, 0xdf, 0x80, 0xbf, 2],
  [0xe0, 0xe0, 0xa0, 0xbf, 3],
  [0xe1, 0xec, 0x80, 0xbf, 3],
  [0xed, 0xed, 0x80, 0x9f, 3],
  [0xee, 0xef, 0x80, 0xbf, 3],
  [0xf0, 0xf0, 0x90, 0xbf, 4],
  [0xf1, 0xf3, 0x80, 0xbf, 4],
  [0xf4, 0xf4, 0x80, 0x8f, 4],
];

/** The length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const octet = bytes[at]!;
  if (octet < 0x80) return 1;
  const row = SEQUENCES.find(([first, last]) => octet >= first && octet <= last);
  if (row === undefined) return 0;
  const [, , low, high, length] = row;
  const second = bytes[at + 1] ?? 0;
  if (at + length > bytes.length || second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}

function codePoint(bytes: Uint8Array, at: number, length: number): string {
  let code = length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return String.fromCodePoint(code);
}

/** Lower-case hexadecimal to bytes; throws `CodecError` on anything else. */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) throw new CodecError('not hexadecimal');
  return Buffer.from(hex, 'hex');
}

/** Bytes to lower-case hexadecimal. */
export function bytesToHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex');
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Text from elsewhere with each control character, of 7 or 8 bits, replaced, since it could control a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f]|[\udc80-\udc9f]/gu, '?');
}
