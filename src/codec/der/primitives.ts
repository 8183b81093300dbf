import { CodecError } from '../../errors.ts';
import { bytesToHex, bytesToText, recentAscii, SHORT_TEXT, shortAscii, textToBytes } from '../text.ts';
import { parseTime, putTime } from './time.ts';
import { type DerKind, DerType } from './type.ts';
import type { DerWriter } from './writer.ts';

/** INTEGER within 32 signed bits. */
export const Int32 = integerType(signed, value => {
  if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff) throw range(value, 'Int32');
  return value;
});

/**
 * INTEGER within 32 unsigned bits. Heimdal and older MIT releases send nonces and sequence numbers above 2^31 as
 * negative numbers; those are taken modulo 2^32.
 */
export const UInt32 = integerType(unsigned, checkUnsigned);

/** As `UInt32`, but written as a signed number: Windows does so for the key versions of read-only DCs, MIT too. */
export const SignedUInt32 = integerType(unsigned, value => checkUnsigned(value) | 0);

/** INTEGER (0..999999). */
export const Microseconds = integerType(
  (bytes, start, end) => {
    const value = signed(bytes, start, end);
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
  (bytes, start, end) => {
    checkShortest(bytes, start, end);
    return BigInt.asIntN((end - start) * 8, BigInt(`0x${bytesToHex(bytes.subarray(start, end))}`));
  },
  (output, value) => {
    let rest = value;
    do {
      output.octet(Number(rest & 0xffn));
      rest >>= 8n;
    } while (rest !== 0n && rest !== -1n);
    if (rest === 0n ? output.firstOctet() >= 0x80 : output.firstOctet() < 0x80)
      output.octet(Number(rest & 0xffn));
  },
);

export const Bool: DerType<boolean> = primitive(
  0x01,
  (bytes, start, end) => {
    const octet = bytes[start];
    if (end - start !== 1 || (octet !== 0 && octet !== 0xff)) throw new CodecError('not a BOOLEAN');
    return octet === 0xff;
  },
  (output, value) => output.octet(value ? 0xff : 0),
);

/** OCTET STRING; the value is a view of the message it came in. */
export const OctetString: DerType<Uint8Array> = primitive(
  0x04,
  (bytes, start, end) => bytes.subarray(start, end),
  (output, value) => output.bytes(value),
);

/** GeneralString as RFC 4120 §5.2.1 uses it, mostly for names. */
export const GeneralString: DerType<string> = stringType(0x1b, recentAscii);
/** Some of these are PINs. */
export const Utf8String: DerType<string> = stringType(0x0c, shortAscii);

/** GeneralizedTime in the one form of RFC 4120 §5.2.3, whole seconds in UTC: `YYYYMMDDHHMMSSZ`. */
export const GeneralizedTime: DerType<Date> = primitive(0x18, parseTime, putTime);

/** BIT STRING of at least 32 bits, as RFC 4120 §5.2.8 numbers them: bit 0 is the highest bit of the number. */
export const Flags: DerType<number> = primitive(
  0x03,
  (bytes, start, end) => {
    const unused = start < end ? bytes[start]! : 8;
    if (unused > 7 || (end - start === 1 && unused !== 0)) throw new CodecError('not a BIT STRING');
    let flags = 0;
    for (let at = start + 1; at < start + 5; at++) flags = (flags << 8) | (at < end ? bytes[at]! : 0);
    // Some peers send fewer than 32 bits, and the bits beyond the declared length may hold anything in BER.
    const kept = (end - start - 1) * 8 - unused;
    return (kept >= 32 ? flags : kept === 0 ? 0 : flags & (-1 << (32 - kept))) >>> 0;
  },
  (output, value) => {
    for (let shift = 0; shift < 32; shift += 8) output.octet((value >>> shift) & 0xff);
    output.octet(0);
  },
);

/** BIT STRING of whole octets, such as a public key. */
export const BitString: DerType<Uint8Array> = primitive(
  0x03,
  (bytes, start, end) => {
    if (start === end || bytes[start] !== 0) throw new CodecError('not a BIT STRING of whole octets');
    return bytes.subarray(start + 1, end);
  },
  (output, value) => {
    output.bytes(value);
    output.octet(0);
  },
);

/** OBJECT IDENTIFIER in dotted form. */
export const ObjectIdentifier: DerType<string> = primitive(
  0x06,
  (bytes, start, end) => parseOid(bytes.subarray(start, end)),
  (output, value) => output.bytes(formatOid(value)),
);

/** One element of any type, kept as received. */
export const Any: DerType<Uint8Array> = new DerType(
  [],
  { read: input => input.element(), write: (output, value) => output.bytes(value) },
  undefined,
);

/** The DER of a `type`, kept as received because it is checksummed or passed on; decode it with `type` itself. */
export function der(type: DerType<unknown>): DerType<Uint8Array> {
  return new DerType(type.tags, verbatim, undefined);
}

const verbatim: DerKind<Uint8Array, undefined> = {
  read(input, _, tags) {
    const ahead = input.peekTag();
    if (!tags.includes(ahead)) throw new CodecError(ahead < 0 ? 'missing' : 'another type');
    return input.element();
  },
  write: (output, value) => output.bytes(value),
};

/** How the content of a primitive type is read, `bytes` from `start` to `end`, and written. */
interface Content<T> {
  parse(bytes: Uint8Array, start: number, end: number): T;
  put(output: DerWriter, value: T): void;
}

function primitive<T>(tag: number, parse: Content<T>['parse'], put: Content<T>['put']): DerType<T> {
  const kind: DerKind<T, undefined> = {
    read(input) {
      const end = input.open(tag);
      const value = parse(input.bytes, input.offset, end);
      input.offset = end;
      return value;
    },
    write(output, value) {
      const mark = output.mark();
      put(output, value);
      output.header(tag, mark);
    },
  };
  return new DerType([tag], kind, undefined);
}

function integerType(
  fromContent: (bytes: Uint8Array, start: number, end: number) => number,
  checked: (value: number) => number,
): DerType<number> {
  return primitive(0x02, fromContent, (output, value) => putInteger(output, checked(value)));
}

function unsigned(bytes: Uint8Array, start: number, end: number): number {
  // Some peers write four octets whatever the value, so the shortest form is not required here.
  if (start === end || end - start > 5) throw new CodecError(`an INTEGER of ${end - start} octets`);
  const value = twosComplement(bytes, start, end);
  if (value < -0x80000000 || value > 0xffffffff) throw range(value, 'UInt32');
  return value >>> 0;
}

function checkUnsigned(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw range(value, 'UInt32');
  return value;
}

function signed(bytes: Uint8Array, start: number, end: number): number {
  checkShortest(bytes, start, end);
  if (end - start > 4) throw new CodecError(`an INTEGER of ${end - start} octets`);
  return twosComplement(bytes, start, end);
}

function twosComplement(bytes: Uint8Array, start: number, end: number): number {
  let value = bytes[start]! >= 0x80 ? -1 : 0;
  for (let i = start; i < end; i++) value = value * 256 + bytes[i]!;
  return value;
}

function checkShortest(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) throw new CodecError('an INTEGER without octets');
  if (end - start === 1) return;
  const first = bytes[start]!;
  if (first === (bytes[start + 1]! < 0x80 ? 0 : 0xff))
    throw new CodecError('an INTEGER not in its shortest form');
}

function putInteger(output: DerWriter, value: number): void {
  let rest = value;
  do {
    output.octet(rest & 0xff);
    rest = Math.floor(rest / 256);
  } while (rest !== 0 && rest !== -1);
  // The highest bit must be that of the sign.
  if (rest === 0 ? output.firstOctet() >= 0x80 : output.firstOctet() < 0x80) output.octet(rest & 0xff);
}

function range(value: number, type: string): CodecError {
  return new CodecError(`${value} is not a ${type}`);
}

function stringType(tag: number, short: typeof shortAscii): DerType<string> {
  return primitive(
    tag,
    (bytes, start, end) => short(bytes, start, end) ?? bytesToText(bytes.subarray(start, end)),
    (output, value) => {
      if (value.length > SHORT_TEXT || !output.ascii(value)) output.bytes(textToBytes(value));
    },
  );
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
