import { textToBytes } from '../../codec/text.ts';
import { strftime } from './strftime.ts';
import { cLocale, type TimeLocale } from './time-locale.ts';

/** From the fullest on; the first that fits is used. */
const FORMATS = [
  '%c',
  '%d %b %Y %T',
  '%x %X',
  '%x %T',
  '%x %R',
  '%Y-%m-%dT%H:%M:%S',
  '%Y-%m-%dT%H:%M',
  '%Y%m%d%H%M%S',
  '%Y%m%d%H%M',
];

/** How long each of them is in the C locale, where all times are alike: most of what is listed need not be tried out. */
const LENGTHS_IN_C = [24, 20, 17, 17, 14, 19, 16, 14, 12];

/** What a time may take in the listings of klist. */
const WIDEST = 19;

/** The time in the user's fullest way of writing that fits in `width` bytes, not padded; empty if none does. */
export function formatTimestamp(date: Date, locale: TimeLocale, width: number = WIDEST): string {
  const local = locale.zone === undefined ? date : locale.zone.local(date);
  const first = isC(locale) ? LENGTHS_IN_C.findIndex(length => length <= width) : 0;
  for (const format of first < 0 ? [] : FORMATS.slice(first)) {
    // With a zone in it, it is longer in every locale; the zone's name would cost a look into its file.
    if (format === '%c' && width <= WIDEST && locale.dateTimeFormat.includes('%Z')) continue;
    const text = strftime(format, local, locale);
    if (text !== '' && textToBytes(text).length <= width) return text;
  }
  return '';
}

function isC(locale: TimeLocale): boolean {
  const { dateTimeFormat, dateFormat, timeFormat, abbreviatedMonths } = cLocale;
  return (
    locale.dateTimeFormat === dateTimeFormat &&
    locale.dateFormat === dateFormat &&
    locale.timeFormat === timeFormat &&
    locale.abbreviatedMonths === abbreviatedMonths
  );
}

/** The width in bytes of klist's time columns: that of the present time. */
export function timestampWidth(now: Date, locale: TimeLocale): number {
  return textToBytes(formatTimestamp(now, locale)).length;
}

/** The time as one cell of a table: what fits in `width` bytes, filled up with blanks to just that. */
export function formatTimestampCell(date: Date, locale: TimeLocale, width: number): string {
  const text = formatTimestamp(date, locale, width);
  return text === '' ? '' : text + ' '.repeat(width - textToBytes(text).length);
}

/** The time for a sentence, in full: `Wed Nov 25 14:11:16 2026`. */
export function formatLongTime(date: Date, locale: TimeLocale): string {
  return strftime('%c', locale.zone?.local(date) ?? date, locale);
}
