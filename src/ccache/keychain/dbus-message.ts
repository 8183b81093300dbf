import { BinaryReader, type ByteOrder } from '../../codec/binary.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';

/** A method call. */
export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly arguments: readonly DbusArgument[];
}

type DbusStrings = ReadonlyMap<string, string>;

/** A string, an object path, a variant with a string, a boolean, a dictionary, or a secret of the Secret Service. */
export type DbusArgument =
  | { readonly type: 's' | 'o' | 'v'; readonly value: string }
  | { readonly type: 'b'; readonly value: boolean }
  | { readonly type: 'a{ss}'; readonly value: DbusStrings }
  | { readonly type: 'a{sv}'; readonly value: ReadonlyMap<string, string | DbusStrings> }
  | { readonly type: '(oayays)'; readonly value: DbusSecret };

/** A secret without parameters. */
export interface DbusSecret {
  /** The path of the session that transfers it. */
  readonly session: string;
  readonly secret: Uint8Array;
  readonly contentType: string;
}

/** A reply, its body undecoded. */
export interface DbusReply {
  /** The serial number of the call that it answers. */
  readonly serial: number;
  /** The name of the error, if the call failed. */
  readonly error: string | undefined;
  readonly body: Uint8Array;
  readonly order: ByteOrder;
}

// The numbers in the section "Message Protocol" of the D-Bus specification.
const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const PATH = 1;
const INTERFACE = 2;
const MEMBER = 3;
const ERROR_NAME = 4;
const REPLY_SERIAL = 5;
const DESTINATION = 6;
const SIGNATURE = 8;
const FIXED_BYTES = 16;
/** The specification allows 128 MiB; the replies expected here have some hundred bytes. */
const MAX_MESSAGE = 1 << 20;

/** One method call, little-endian. */
export function encodeDbusCall(call: DbusCall, serial: number): Uint8Array {
  const body: number[] = [];
  for (const argument of call.arguments) putArgument(body, argument);
  const signature = call.arguments.map(({ type }) => type).join('');
  const message = [0x6c, METHOD_CALL, 0, 1];
  putU32(message, body.length);
  putU32(message, serial);
  putU32(message, 0);
  putField(message, PATH, 'o', call.path);
  putField(message, INTERFACE, 's', call.interface);
  putField(message, MEMBER, 's', call.member);
  putField(message, DESTINATION, 's', call.destination);
  if (body.length > 0) putField(message, SIGNATURE, 'g', signature);
  setU32(message, FIXED_BYTES - 4, message.length - FIXED_BYTES);
  align(message, 8);
  return Uint8Array.from([...message, ...body]);
}

/**
 * The length of the message at the beginning of `bytes`, or undefined if there are too few bytes to tell. Throws
 * CodecError.
 */
export function dbusMessageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const reader = new BinaryReader(bytes, byteOrder(bytes));
  reader.offset = 4;
  const body = reader.u32('body length');
  reader.offset = 12;
  const fields = reader.u32('fields length');
  const length = FIXED_BYTES + ((fields + 7) & ~7) + body;
  if (fields > MAX_MESSAGE || body > MAX_MESSAGE || length > MAX_MESSAGE)
    throw new CodecError('D-Bus message too long');
  return length;
}

/** Decodes a whole message; undefined for signals and calls, which are not replies. Throws CodecError. */
export function decodeDbusReply(bytes: Uint8Array): DbusReply | undefined {
  const order = byteOrder(bytes);
  const reader = new BinaryReader(bytes, order);
  reader.offset = 1;
  const type = reader.u8('type');
  if (type !== METHOD_RETURN && type !== ERROR) return undefined;
  reader.offset = 4;
  const bodyLength = reader.u32('body length');
  reader.offset = 12;
  const end = FIXED_BYTES + reader.u32('fields length');
  const fields = new Map<number, string | number>();
  while (reader.offset < end) {
    skipTo(reader, 8);
    fields.set(reader.u8('field'), readVariant(reader));
  }
  return {
    serial: Number(fields.get(REPLY_SERIAL) ?? 0),
    error: type === ERROR ? String(fields.get(ERROR_NAME) ?? 'unknown') : undefined,
    body: bytes.subarray(bytes.length - bodyLength),
    order,
  };
}

/** Skips the padding before a value. */
export function skipTo(reader: BinaryReader, alignment: number): void {
  const over = reader.offset % alignment;
  if (over !== 0) reader.take(alignment - over, 'padding');
}

/** A string or object path. */
export function readDbusString(reader: BinaryReader): string {
  skipTo(reader, 4);
  const text = bytesToText(reader.counted32('string'));
  reader.u8('end of string');
  return text;
}

function readVariant(reader: BinaryReader): string | number {
  const type = readSignature(reader);
  switch (type) {
    case 's':
    case 'o':
      return readDbusString(reader);
    case 'g':
      return readSignature(reader);
    case 'u':
      skipTo(reader, 4);
      return reader.u32('number');
    default:
      throw reader.error('unknown type', 'field');
  }
}

function readSignature(reader: BinaryReader): string {
  const text = bytesToText(reader.take(reader.u8('signature'), 'signature'));
  reader.u8('end of signature');
  return text;
}

function byteOrder(bytes: Uint8Array): ByteOrder {
  if (bytes[0] === 0x6c) return 'little';
  if (bytes[0] === 0x42) return 'big';
  throw new CodecError('not a D-Bus message');
}

function putArgument(out: number[], { type, value }: DbusArgument): void {
  if (type === 'b') putU32(out, value ? 1 : 0);
  else if (type === 'v') putVariant(out, value);
  else if (type === 'a{ss}') putDictionary(out, value, putString);
  else if (type === 'a{sv}') putDictionary(out, value, putVariant);
  else if (type === '(oayays)') putSecret(out, value);
  else putString(out, value);
}

function putSecret(out: number[], { session, secret, contentType }: DbusSecret): void {
  align(out, 8);
  putString(out, session);
  putBytes(out, new Uint8Array());
  putBytes(out, secret);
  putString(out, contentType);
}

function putVariant(out: number[], value: string | DbusStrings): void {
  if (typeof value === 'string') {
    putSignature(out, 's');
    putString(out, value);
  } else {
    putSignature(out, 'a{ss}');
    putDictionary(out, value, putString);
  }
}

function putDictionary<V>(
  out: number[],
  entries: ReadonlyMap<string, V>,
  put: (out: number[], value: V) => void,
): void {
  putU32(out, 0);
  const lengthAt = out.length - 4;
  align(out, 8);
  const start = out.length;
  for (const [key, value] of entries) {
    align(out, 8);
    putString(out, key);
    put(out, value);
  }
  setU32(out, lengthAt, out.length - start);
}

function putField(out: number[], field: number, type: 's' | 'o' | 'g', value: string): void {
  align(out, 8);
  out.push(field);
  putSignature(out, type);
  if (type === 'g') putSignature(out, value);
  else putString(out, value);
}

function putSignature(out: number[], signature: string): void {
  out.push(signature.length, ...textToBytes(signature), 0);
}

function putString(out: number[], text: string): void {
  putBytes(out, textToBytes(text));
  out.push(0);
}

function putBytes(out: number[], bytes: Uint8Array): void {
  putU32(out, bytes.length);
  out.push(...bytes);
}

function putU32(out: number[], value: number): void {
  align(out, 4);
  out.push(0, 0, 0, 0);
  setU32(out, out.length - 4, value);
}

function setU32(out: number[], at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = (value >>> (8 * i)) & 0xff;
}

function align(out: number[], alignment: number): void {
  while (out.length % alignment !== 0) out.push(0);
}
