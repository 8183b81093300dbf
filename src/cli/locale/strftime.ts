import { eraText } from './era.ts';
import type { TimeLocale } from './time-locale.ts';

/** One conversion: `%`, an optional flag, an optional width, an optional E or O, a letter. */
const CONVERSION = /%([-_0^#]?)(\d{0,2})([EO]?)([a-zA-Z%+])/g;

/** Formats that name other formats nest this deep at most. */
const MAX_DEPTH = 4;

/** Writes `date` in local time after `format` as the C library's strftime does, with its flags `-`, `_`, `0`, `^`. */
export function strftime(format: string, date: Date, locale: TimeLocale, depth = 0): string {
  return format.replace(
    CONVERSION,
    (all: string, flag: string, width: string, modifier: string, letter: string) => {
      const further = formatNamed(letter, locale);
      if (further !== undefined) return depth < MAX_DEPTH ? strftime(further, date, locale, depth + 1) : '';
      const text =
        (modifier === 'E' ? eraText(letter, date, locale) : undefined) ?? textOf(letter, date, locale);
      if (text !== undefined) return (flag === '^' ? text.toUpperCase() : text).padStart(Number(width));
      const numeral = numeralOf(letter, date);
      if (numeral === undefined) return all;
      return (modifier === 'O' && locale.altDigits[numeral[0]]) || number(numeral, flag, width);
    },
  );
}

/** The format that a letter stands for. */
function formatNamed(letter: string, locale: TimeLocale): string | undefined {
  switch (letter) {
    case 'c':
      return locale.dateTimeFormat;
    case 'D':
      return '%m/%d/%y';
    case 'F':
      return '%Y-%m-%d';
    case 'r':
      return locale.amPmTimeFormat || '%I:%M:%S %p';
    case 'R':
      return '%H:%M';
    case 'T':
      return '%H:%M:%S';
    case 'x':
      return locale.dateFormat;
    case 'X':
      return locale.timeFormat;
    default:
      return undefined;
  }
}

function textOf(letter: string, date: Date, locale: TimeLocale): string | undefined {
  switch (letter) {
    case 'a':
      return locale.abbreviatedDays[date.getDay()];
    case 'A':
      return locale.days[date.getDay()];
    case 'b':
    case 'h':
      return locale.abbreviatedMonths[date.getMonth()];
    case 'B':
      return locale.months[date.getMonth()];
    case 'p':
      return locale.amPm[halfOfDay(date)];
    case 'P':
      return locale.amPm[halfOfDay(date)].toLowerCase();
    case 'z':
      return offset(date);
    case 'Z':
      return locale.zoneName(date);
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    default:
      return undefined;
  }
}

/** A number, its digits and what fills them up. */
type Numeral = readonly [value: number, digits: number, fill?: ' '];

function numeralOf(letter: string, date: Date): Numeral | undefined {
  switch (letter) {
    case 'C':
      return [Math.floor(date.getFullYear() / 100), 2];
    case 'd':
      return [date.getDate(), 2];
    case 'e':
      return [date.getDate(), 2, ' '];
    case 'H':
      return [date.getHours(), 2];
    case 'I':
      return [hour12(date), 2];
    case 'j':
      return [dayOfYear(date), 3];
    case 'k':
      return [date.getHours(), 2, ' '];
    case 'l':
      return [hour12(date), 2, ' '];
    case 'm':
      return [date.getMonth() + 1, 2];
    case 'M':
      return [date.getMinutes(), 2];
    case 's':
      return [Math.floor(date.getTime() / 1000), 1];
    case 'S':
      return [date.getSeconds(), 2];
    case 'u':
      return [date.getDay() || 7, 1];
    case 'w':
      return [date.getDay(), 1];
    case 'y':
      return [date.getFullYear() % 100, 2];
    case 'Y':
      return [date.getFullYear(), 1];
    default:
      return undefined;
  }
}

function number([value, digits, fill = undefined]: Numeral, flag: string, width: string): string {
  if (flag === '-') return String(value);
  const padding = flag === '_' ? ' ' : flag === '0' ? '0' : (fill ?? '0');
  return String(value).padStart(Number(width) || digits, padding);
}

function halfOfDay(date: Date): 0 | 1 {
  return date.getHours() < 12 ? 0 : 1;
}

function hour12(date: Date): number {
  return date.getHours() % 12 || 12;
}

function dayOfYear(date: Date): number {
  const newYear = Date.UTC(date.getFullYear(), 0, 1);
  return (
    1 + Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - newYear) / 86_400_000)
  );
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const hhmm = Math.floor(Math.abs(minutes) / 60) * 100 + (Math.abs(minutes) % 60);
  return `${minutes < 0 ? '-' : '+'}${String(hhmm).padStart(4, '0')}`;
}
