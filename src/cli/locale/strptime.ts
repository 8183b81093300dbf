import { cLocale, type TimeFields, type TimeLocale } from './time-locale.ts';

/** The hour on a clock of twelve is settled at the end, when its half of the day is known. */
interface Reading extends TimeFields {
  twelveHour: boolean;
  afternoon: boolean;
}

/** Reads the whole of `text` after `format` as the C library's strptime does; what it leaves out stays as in `now`. */
export function strptime(
  text: string,
  format: string,
  now: TimeFields,
  locale: TimeLocale,
): TimeFields | undefined {
  const reading: Reading = { ...now, twelveHour: false, afternoon: false };
  const at = read({ text, locale, depth: 0 }, 0, format, reading);
  if (at === undefined || text.slice(at).trim() !== '') return undefined;
  const { twelveHour, afternoon, ...fields } = reading;
  if (twelveHour && afternoon) fields.hour += 12;
  return fields;
}

interface Source {
  readonly text: string;
  readonly locale: TimeLocale;
  readonly depth: number;
}

/** Where reading after `format` from `at` ends, or undefined. */
function read(source: Source, at: number, format: string, reading: Reading): number | undefined {
  let here: number | undefined = at;
  for (const [part] of format.matchAll(/\s+|%[-_0^#]*[EO]?.|[^%\s]+|%/g)) {
    if (here === undefined) return undefined;
    if (part.trim() === '') here = skipBlanks(source.text, here);
    else if (part.startsWith('%')) here = convert(source, here, part.at(-1)!, reading);
    else here = source.text.startsWith(part, here) ? here + part.length : undefined;
  }
  return here;
}

function skipBlanks(text: string, at: number): number {
  let here = at;
  while (/\s/.test(text.charAt(here))) here++;
  return here;
}

/** Bounds of a number, then where its value goes. */
type Field = readonly [
  from: number,
  to: number,
  digits: number,
  set: (reading: Reading, value: number) => void,
];

const FIELDS: Readonly<Record<string, Field>> = {
  Y: [0, 9999, 4, (r, value) => (r.year = value)],
  y: [0, 99, 2, (r, value) => (r.year = value + (value >= 69 ? 1900 : 2000))],
  m: [1, 12, 2, (r, value) => (r.month = value - 1)],
  d: [1, 31, 2, (r, value) => (r.day = value)],
  H: [0, 23, 2, setHour],
  I: [1, 12, 2, setTwelveHour],
  M: [0, 59, 2, (r, value) => (r.minute = value)],
  S: [0, 61, 2, (r, value) => (r.second = value)],
};

function setHour(reading: Reading, value: number): void {
  reading.hour = value;
  reading.twelveHour = false;
}

function setTwelveHour(reading: Reading, value: number): void {
  reading.hour = value % 12;
  reading.twelveHour = true;
}

const SAME_AS: Readonly<Record<string, string>> = { e: 'd', k: 'H', l: 'I', h: 'b', B: 'b', A: 'a', P: 'p' };

/** A format that stands for others: the locale's first, then the C locale's. */
function alternatives(letter: string, locale: TimeLocale): readonly string[] | undefined {
  switch (letter) {
    case 'T':
      return ['%H:%M:%S'];
    case 'R':
      return ['%H:%M'];
    case 'D':
      return ['%m/%d/%y'];
    case 'F':
      return ['%Y-%m-%d'];
    case 'x':
      return [locale.dateFormat, '%m/%d/%y'];
    case 'X':
      return [locale.timeFormat, '%H:%M:%S'];
    case 'r':
      return [locale.amPmTimeFormat, '%I:%M:%S %p'];
    default:
      return undefined;
  }
}

function convert(source: Source, at: number, written: string, reading: Reading): number | undefined {
  const letter = SAME_AS[written] ?? written;
  const field = FIELDS[letter];
  if (field !== undefined) return readNumber(source.text, at, field, reading);
  const formats = alternatives(letter, source.locale);
  if (formats === undefined) return readName(source, at, letter, reading);
  if (source.depth >= 3) return undefined;
  for (const format of formats) {
    const end = read({ ...source, depth: source.depth + 1 }, at, format, reading);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Takes digits as long as another could still be in bounds: day `45` is 4, and the 5 is left. */
function readNumber(
  text: string,
  at: number,
  [from, to, digits, set]: Field,
  reading: Reading,
): number | undefined {
  let here = at;
  while (text[here] === ' ') here++;
  let value = 0;
  let count = 0;
  for (; count < digits && value * 10 <= to && /\d/.test(text.charAt(here)); count++, here++) {
    value = value * 10 + Number(text[here]);
  }
  if (count === 0 || value < from || value > to) return undefined;
  set(reading, value);
  return here;
}

/** Names are taken in the locale's language and in English. */
function readName(
  { text, locale }: Source,
  at: number,
  letter: string,
  reading: Reading,
): number | undefined {
  switch (letter) {
    case 'a':
      return matchName(text, at, [locale, cLocale].flatMap(dayNames))?.end;
    case 'b': {
      const month = matchName(text, at, [locale, cLocale].flatMap(monthNames));
      if (month !== undefined) reading.month = month.index;
      return month?.end;
    }
    case 'p': {
      const half = matchName(text, at, [locale.amPm, cLocale.amPm]);
      if (half !== undefined) reading.afternoon = half.index === 1;
      return half?.end;
    }
    case 'n':
    case 't':
      return skipBlanks(text, at);
    case 'Z':
      return at;
    case '%':
      return text[at] === '%' ? at + 1 : undefined;
    default:
      return undefined;
  }
}

function dayNames(locale: TimeLocale): (readonly string[])[] {
  return [locale.days, locale.abbreviatedDays];
}

function monthNames(locale: TimeLocale): (readonly string[])[] {
  return [locale.months, locale.abbreviatedMonths];
}

/** The longest name that the text goes on with, in any case. */
function matchName(
  text: string,
  at: number,
  lists: readonly (readonly string[])[],
): { index: number; end: number } | undefined {
  let best: { index: number; end: number } | undefined;
  for (const list of lists) {
    for (const [index, name] of list.entries()) {
      const end = at + name.length;
      const longer = best === undefined || end > best.end;
      if (longer && text.slice(at, end).toLowerCase() === name.toLowerCase()) best = { index, end };
    }
  }
  return best;
}
