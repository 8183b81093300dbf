import { CodecError } from '../../errors.ts';
import type { DerWriter } from './writer.ts';

/** The content of a KerberosTime as a date. Throws CodecError. */
export function parseTime(bytes: Uint8Array, start: number, end: number): Date {
  if (end - start !== 15 || bytes[start + 14] !== 0x5a) throw new CodecError('not a KerberosTime');
  const year = digits(bytes, start) * 100 + digits(bytes, start + 2);
  const [month, day] = [digits(bytes, start + 4), digits(bytes, start + 6)];
  const [hour, minute, second] = [
    digits(bytes, start + 8),
    digits(bytes, start + 10),
    digits(bytes, start + 12),
  ];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (year < 100) date.setUTCFullYear(year);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60;
  // A leap second, 23:59:60, is a valid KerberosTime and means the second after it.
  if (!(exists || second === 60) || month === 0 || month > 12 || second > 60)
    throw new CodecError('no such time');
  return date;
}

/** The number that two digits represent. */
function digits(bytes: Uint8Array, at: number): number {
  const [tens, ones] = [bytes[at]! - 0x30, bytes[at + 1]! - 0x30];
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new CodecError('not a KerberosTime');
  return tens * 10 + ones;
}

/** Writes a date as the content of a KerberosTime. Throws CodecError for a year that does not have four digits. */
export function putTime(output: DerWriter, date: Date): void {
  const seconds = Math.floor(date.getTime() / 1000);
  // Lifetimes are whole hours: start and end of a ticket must not share a slot.
  const place = Math.imul(seconds, 0x9e3779b1) >>> 28;
  const known = written[place];
  if (known?.seconds === seconds) {
    output.bytes(known.content);
    return;
  }
  const mark = output.mark();
  putDate(output, date);
  const content = output.view().slice(0, output.mark() - mark);
  written[place] = { seconds, content };
}

/** Messages repeat the same few times over and over. */
const written: { readonly seconds: number; readonly content: Uint8Array }[] = [];

function putDate(output: DerWriter, date: Date): void {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new CodecError('a time outside the years 0 to 9999');
  output.octet(0x5a);
  putDigits(output, date.getUTCSeconds());
  putDigits(output, date.getUTCMinutes());
  putDigits(output, date.getUTCHours());
  putDigits(output, date.getUTCDate());
  putDigits(output, date.getUTCMonth() + 1);
  putDigits(output, year % 100);
  putDigits(output, Math.floor(year / 100));
}

function putDigits(output: DerWriter, value: number): void {
  output.octet(0x30 + (value % 10));
  output.octet(0x30 + Math.floor(value / 10));
}
