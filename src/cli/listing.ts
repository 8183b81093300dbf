import { loadColours } from './colour.ts';
import type { Arguments } from './command.ts';
import { loadLocale } from './locale/locale.ts';
import { formatTimestampCell, timestampWidth } from './locale/time-format.ts';
import { printable } from './sentences.ts';
import type { Io } from './terminal.ts';

/** What a listing of klist shows, and how. Through a pipe it is MIT's to the byte; a terminal gets a little more. */
export interface Listing {
  readonly io: Io;
  readonly now: Date;
  /** Whether an option was given, by its letter. */
  has(letter: string): boolean;
  /** Text that came out of a cache or a keytab: as it is, but for a terminal without what could steer it. */
  text(text: string): string;
  /** A line about something that has expired. */
  expired(line: string): string;
}

/** The listing that the options ask for. */
export async function createListing(args: Arguments, io: Io): Promise<Listing> {
  const plain = { io, now: io.now(), has: args.has, text: unchanged, expired: unchanged };
  if (!io.stdoutIsTerminal) return plain;
  const { dim, red } = await loadColours(io);
  return { ...plain, text: harmless, expired: line => `${dim(line)} ${red('(expired)')}` };
}

/** The column for times. */
export interface TimeColumn {
  /** Bytes. */
  readonly width: number;
  /** A time, as wide as the column. */
  cell(date: Date): string;
}

/** The column in the user's language, as wide as the present time. */
export function timeColumn({ io, now }: Listing): TimeColumn {
  const locale = loadLocale(io.env);
  const width = timestampWidth(now, locale);
  return { width, cell: date => formatTimestampCell(date, locale, width) };
}

function unchanged(text: string): string {
  return text;
}

/** Bytes that are no UTF-8 may steer a terminal, too, and so may marks that turn the direction of writing. */
function harmless(text: string): string {
  return printable(text).replace(/[\udc80-\udcff\u202a-\u202e\u2066-\u2069]/g, '?');
}
