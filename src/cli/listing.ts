import { printable } from '../codec/text.ts';
import type { Arguments } from './command.ts';
import { loadLocale } from './locale/locale.ts';
import { formatTimestampCell, timestampWidth } from './locale/time-format.ts';
import type { TimeLocale } from './locale/time-locale.ts';
import { loadColours } from './terminal/colour.ts';
import type { Io } from './terminal.ts';

/**
 * What a klist listing shows, and how. Through a pipe, it is identical to MIT's; on a terminal it has small additions.
 */
export interface Listing {
  readonly io: Io;
  readonly now: Date;
  /** Where the user's time zone is a rule. */
  readonly locale: TimeLocale | undefined;
  /** Whether an option was given, by its letter. */
  has(letter: string): boolean;
  /** Text from a cache or a keytab: unchanged, except that control characters are replaced on a terminal. */
  text(text: string): string;
  /** A line about something that has expired. */
  expired(line: string): string;
}

/** The listing that the options ask for. */
export async function createListing(args: Arguments, io: Io): Promise<Listing> {
  const { TZ } = io.env;
  const locale = TZ === undefined ? undefined : await localeByRule(TZ, io);
  const plain = { io, now: io.now(), locale, has: args.has, text: unchanged, expired: unchanged };
  if (!io.stdoutIsTerminal) return plain;
  const { dim, red } = await loadColours(io);
  return { ...plain, text: harmless, expired: line => `${dim(line)} ${red('(expired)')}` };
}

/** Rules have digits, and hardly any name of a zone has. */
async function localeByRule(zone: string, { env }: Io): Promise<TimeLocale | undefined> {
  if (!/\d/.test(zone)) return undefined;
  const { userLocale } = await import('./locale/user-locale.ts');
  return userLocale(env);
}

/** The column for times. */
export interface TimeColumn {
  /** Bytes. */
  readonly width: number;
  /** A time, as wide as the column. */
  cell(date: Date): string;
}

/** The column in the user's language, as wide as the present time. */
export function timeColumn({ io, now, locale = loadLocale(io.env) }: Listing): TimeColumn {
  const width = timestampWidth(now, locale);
  return { width, cell: remembering(date => formatTimestampCell(date, locale, width)) };
}

/** Fewer times are not worth a template. */
const MANY = 10;
const HOUR = 3600;
const MINUTE = 60;

/** The same as `format`, which takes long: most times of a listing are like others but for minutes and seconds. */
function remembering(format: (date: Date) => string): (date: Date) => string {
  const known = new Map<number, string>();
  let hour = 0;
  let template: Template | undefined;
  let minute = 0;
  let upToSeconds = '';
  return date => {
    const time = date.getTime() / 1000;
    if (template !== undefined && time >= hour && time < hour + HOUR) {
      const [before, between, after] = template;
      if (time < minute || time >= minute + MINUTE) {
        const minutes = Math.floor((time - hour) / MINUTE);
        minute = hour + minutes * MINUTE;
        upToSeconds = before + pair(minutes) + between;
      }
      return upToSeconds + pair(time - minute) + after;
    }
    const found = known.get(time);
    if (found !== undefined) return found;
    const text = format(date);
    if (known.size < MANY) {
      known.set(time, text);
    } else {
      hour = time - date.getMinutes() * 60 - date.getSeconds();
      template = templateOf(hour, format);
    }
    return text;
  };
}

/** What is written before, between and after the minutes and the seconds. */
type Template = readonly [string, string, string];

/** Undefined where minutes and seconds are not just two digits each, in this order, all through the hour. */
function templateOf(hour: number, format: (date: Date) => string): Template | undefined {
  const first = format(new Date(hour * 1000));
  const last = format(new Date((hour + HOUR - 1) * 1000));
  const minutes = firstDifference(first, last, 0);
  const seconds = firstDifference(first, last, minutes + 2);
  const template = [
    first.slice(0, minutes),
    first.slice(minutes + 2, seconds),
    first.slice(seconds + 2),
  ] as const;
  return template.join('00') === first && template.join('59') === last ? template : undefined;
}

function firstDifference(a: string, b: string, from: number): number {
  let at = from;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function pair(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

function unchanged(text: string): string {
  return text;
}

/** Bytes that are no UTF-8 may steer a terminal, too, and so may marks that turn the direction of writing. */
function harmless(text: string): string {
  return printable(text).replace(/[\udc80-\udcff\u202a-\u202e\u2066-\u2069]/g, '?');
}
