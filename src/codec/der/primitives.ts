import { CodecError } from '../../errors.ts';
import { bytesToText, textToBytes } from '../text.ts';
import type { DerReader } from './reader.ts';
import { type DerType, defineType } from './type.ts';
import type { DerWriter } from './writer.ts';

/** INTEGER within 32 signed bits. */
export const Int32 = integerType(
  bytes => signed(bytes, 4),
  value => {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff) throw range(value, 'Int32');
    return value;
  },
);

/**
 * INTEGER within 32 unsigned bits. Heimdal and older MIT releases send nonces and sequence numbers above 2^31 as
 * negative numbers; those are taken modulo 2^32.
 */
export const UInt32 = integerType(
  bytes => {
    // Some write four octets whatever the value, so the shortest form is not asked for here.
    if (bytes.length === 0 || bytes.length > 5) throw new CodecError(`an INTEGER of ${bytes.length} octets`);
    const value = twosComplement(bytes);
    if (value < -0x80000000 || value > 0xffffffff) throw range(value, 'UInt32');
    return value >>> 0;
  },
  value => {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw range(value, 'UInt32');
    return value;
  },
);

/** As `UInt32`, but written as a signed number: Windows does so for the key versions of read-only DCs, MIT too. */
export const SignedUInt32 = integerType(UInt32.fromContent, value => {
  UInt32.toNumber(value);
  return value | 0;
});

/** INTEGER (0..999999). */
export const Microseconds = integerType(
  bytes => {
    const value = signed(bytes, 4);
    if (value < 0 || value > 999_999) throw range(value, 'Microseconds');
    return value;
  },
  value => {
    if (!Number.isInteger(value) || value < 0 || value > 999_999) throw range(value, 'Microseconds');
    return value;
  },
);

/** INTEGER of any size. */
export const Integer: DerType<bigint> = primitive<bigint>(
  0x02,
  bytes => {
    checkShortest(bytes);
    return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
  },
  value => {
    const out: number[] = [];
    let rest = value;
    do {
      out.unshift(Number(rest & 0xffn));
      rest >>= 8n;
    } while (!((rest === 0n && out[0]! < 0x80) || (rest === -1n && out[0]! >= 0x80)));
    return Uint8Array.from(out);
  },
);

export const Bool: DerType<boolean> = primitive(
  0x01,
  bytes => {
    if (bytes.length !== 1 || (bytes[0] !== 0 && bytes[0] !== 0xff)) throw new CodecError('not a BOOLEAN');
    return bytes[0] === 0xff;
  },
  value => Uint8Array.of(value ? 0xff : 0),
);

/** OCTET STRING; the value is a view of the message it came in. */
export const OctetString: DerType<Uint8Array> = primitive(
  0x04,
  bytes => bytes,
  value => value,
);

/** GeneralString as RFC 4120 §5.2.1 uses it. */
export const GeneralString: DerType<string> = primitive(0x1b, bytesToText, textToBytes);
export const Utf8String: DerType<string> = primitive(0x0c, bytesToText, textToBytes);

/** GeneralizedTime in the one form of RFC 4120 §5.2.3, whole seconds in UTC: `YYYYMMDDHHMMSSZ`. */
export const GeneralizedTime: DerType<Date> = primitive(0x18, parseTime, formatTime);

/** BIT STRING of at least 32 bits, as RFC 4120 §5.2.8 numbers them: bit 0 is the highest bit of the number. */
export const Flags: DerType<number> = primitive(
  0x03,
  bytes => {
    const unused = bytes[0];
    if (unused === undefined || unused > 7 || (bytes.length === 1 && unused !== 0)) {
      throw new CodecError('not a BIT STRING');
    }
    let flags = 0;
    for (let i = 0; i < 4; i++) flags = (flags << 8) | (bytes[i + 1] ?? 0);
    // Bits beyond the declared length may hold anything in BER; some peers send fewer than 32 bits.
    const kept = (bytes.length - 1) * 8 - unused;
    return (kept >= 32 ? flags : kept === 0 ? 0 : flags & (-1 << (32 - kept))) >>> 0;
  },
  value => Uint8Array.of(0, value >>> 24, value >>> 16, value >>> 8, value),
);

/** BIT STRING of whole octets, such as a public key. */
export const BitString: DerType<Uint8Array> = primitive(
  0x03,
  bytes => {
    if (bytes[0] !== 0) throw new CodecError('not a BIT STRING of whole octets');
    return bytes.subarray(1);
  },
  value => {
    const out = new Uint8Array(value.length + 1);
    out.set(value, 1);
    return out;
  },
);

/** OBJECT IDENTIFIER in dotted form. */
export const ObjectIdentifier: DerType<string> = primitive(0x06, parseOid, formatOid);

/** One element of any type, kept as received. */
export const Any: DerType<Uint8Array> = defineType({
  tags: [],
  read: input => input.element(),
  write: (output, value) => output.bytes(value),
});

/** The DER of a `type`, kept as received because it is checksummed or passed on; its own decode opens it. */
export function der(type: DerType<unknown>): DerType<Uint8Array> {
  return defineType({
    tags: type.tags,
    read(input) {
      if (!type.tags.includes(input.peekTag()))
        throw new CodecError(input.peekTag() < 0 ? 'missing' : 'another type');
      return input.element();
    },
    write: (output, value) => output.bytes(value),
  });
}

/** A primitive type with one tag, from its content to a value and back. */
function primitive<T>(
  tag: number,
  parse: (content: Uint8Array) => T,
  format: (value: T) => Uint8Array,
): DerType<T> {
  function read(input: DerReader): T {
    const end = input.open(tag);
    const value = parse(input.bytes.subarray(input.offset, end));
    input.offset = end;
    return value;
  }
  function write(output: DerWriter, value: T): void {
    const mark = output.mark();
    output.bytes(format(value));
    output.header(tag, mark);
  }
  return defineType({ tags: [tag], read, write });
}

interface IntegerType extends DerType<number> {
  fromContent(content: Uint8Array): number;
  toNumber(value: number): number;
}

function integerType(
  fromContent: (content: Uint8Array) => number,
  toNumber: (value: number) => number,
): IntegerType {
  return { ...primitive(0x02, fromContent, value => integerContent(toNumber(value))), fromContent, toNumber };
}

function signed(bytes: Uint8Array, maxLength: number): number {
  checkShortest(bytes);
  if (bytes.length > maxLength) throw new CodecError(`an INTEGER of ${bytes.length} octets`);
  return twosComplement(bytes);
}

function twosComplement(bytes: Uint8Array): number {
  let value = bytes[0]! >= 0x80 ? -1 : 0;
  for (let i = 0; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  return value;
}

function checkShortest(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new CodecError('an INTEGER without octets');
  const first = bytes[0]!;
  const second = bytes[1];
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new CodecError('an INTEGER not in its shortest form');
  }
}

function integerContent(value: number): Uint8Array {
  let length = 1;
  while (value < -(2 ** (8 * length - 1)) || value >= 2 ** (8 * length - 1)) length++;
  const out = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    out[i] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return out;
}

function range(value: number, type: string): CodecError {
  return new CodecError(`${value} is not a ${type}`);
}

function parseTime(bytes: Uint8Array): Date {
  if (bytes.length !== 15 || bytes[14] !== 0x5a) throw new CodecError('not a KerberosTime');
  for (let i = 0; i < 14; i++)
    if (bytes[i]! < 0x30 || bytes[i]! > 0x39) throw new CodecError('not a KerberosTime');
  const digits = (at: number): number => (bytes[at]! - 0x30) * 10 + (bytes[at + 1]! - 0x30);
  const [year, month, day] = [digits(0) * 100 + digits(2), digits(4), digits(6)];
  const [hour, minute, second] = [digits(8), digits(10), digits(12)];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (year < 100) date.setUTCFullYear(year);
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60;
  // A leap second, 23:59:60, is a valid KerberosTime and means the second after it.
  if (!(same || second === 60) || month === 0 || month > 12 || second > 60)
    throw new CodecError('no such time');
  return date;
}

function formatTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new CodecError('a time outside the years 0 to 9999');
  const out = new Uint8Array(15);
  const put = (at: number, value: number): void => {
    out[at] = 0x30 + Math.floor(value / 10);
    out[at + 1] = 0x30 + (value % 10);
  };
  put(0, Math.floor(year / 100));
  put(2, year % 100);
  put(4, date.getUTCMonth() + 1);
  put(6, date.getUTCDate());
  put(8, date.getUTCHours());
  put(10, date.getUTCMinutes());
  put(12, date.getUTCSeconds());
  out[14] = 0x5a;
  return out;
}

function parseOid(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes[bytes.length - 1]! >= 0x80)
    throw new CodecError('not an OBJECT IDENTIFIER');
  const arcs: number[] = [];
  let arc = 0;
  for (const [i, byte] of bytes.entries()) {
    if (byte === 0x80 && (i === 0 || bytes[i - 1]! < 0x80))
      throw new CodecError('an arc not in its shortest form');
    if (arc > 0x1ffffff_ffff) throw new CodecError('an arc that is too large');
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  return arcs.join('.');
}

function formatOid(text: string): Uint8Array {
  const arcs = text.split('.').map(Number);
  if (arcs.length < 2 || !arcs.every(arc => Number.isSafeInteger(arc) && arc >= 0)) {
    throw new CodecError(`${text} is not an OBJECT IDENTIFIER`);
  }
  const [root, second, ...rest] = arcs as [number, number, ...number[]];
  const out: number[] = [];
  for (const arc of [root * 40 + second, ...rest]) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 0x80);
    out.push(...digits);
  }
  return Uint8Array.from(out);
}
