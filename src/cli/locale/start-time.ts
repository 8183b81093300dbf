import { parseDuration } from '../../config/duration.ts';
import { parseIsoTime } from './iso-time.ts';
import { strptime } from './strptime.ts';
import type { TimeFields, TimeLocale } from './time-locale.ts';

/** Tried in this order, so that fourteen digits are a year of four digits before anything else. */
const FORMATS = [
  '%Y%m%d%H%M%S',
  '%Y.%m.%d.%H.%M.%S',
  '%y%m%d%H%M%S',
  '%y.%m.%d.%H.%M.%S',
  '%y%m%d%H%M',
  '%H%M%S',
  '%H%M',
  '%T',
  '%R',
  '%x:%X',
  '%d-%b-%Y:%T',
  '%d-%b-%Y:%R',
];

/** The end of 32 bits of seconds. Beyond it, twelve digits are the year 26 and not 2611. */
const LATEST = 0xffffffff * 1000;

/** When a ticket shall start, and the end of the text that was not understood and had no effect. */
interface StartTime {
  readonly time: Date;
  readonly ignored: string;
}

/**
 * kinit's `-s`: a duration from `now`, else a local date or time of day, else a time in ISO 8601, which MIT does not
 * read; undefined if the text is none of these.
 */
export function parseStartTime(text: string, now: Date, locale: TimeLocale): StartTime | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined && duration.seconds !== 0) {
    return { time: new Date(now.getTime() + duration.seconds * 1000), ignored: duration.ignored };
  }
  const time = parseAbsolute(text, now, locale);
  return time && { time, ignored: '' };
}

function parseAbsolute(text: string, now: Date, locale: TimeLocale): Date | undefined {
  const today = localFields(locale.zone?.local(now) ?? now);
  for (const format of FORMATS) {
    const fields = strptime(text, format, today, locale);
    if (fields === undefined) continue;
    const time = timeOf(fields, locale);
    if (isPossible(time)) return time;
  }
  const iso = parseIsoTime(text);
  const time = iso && ('local' in iso ? timeOf(iso.local, locale) : iso.time);
  return time && isPossible(time) ? time : undefined;
}

function timeOf(fields: TimeFields, { zone }: TimeLocale): Date {
  const { year, month, day, hour, minute, second } = fields;
  return zone?.time(fields) ?? new Date(year, month, day, hour, minute, second);
}

function isPossible(time: Date): boolean {
  return time.getTime() > 0 && time.getTime() <= LATEST;
}

function localFields(date: Date): TimeFields {
  return {
    year: date.getFullYear(),
    month: date.getMonth(),
    day: date.getDate(),
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
  };
}
