/** The part of a locale's LC_TIME category that writing and reading times needs; formats are strftime's. */
export interface TimeLocale {
  /** `%c` */
  readonly dateTimeFormat: string;
  /** `%x` */
  readonly dateFormat: string;
  /** `%X` */
  readonly timeFormat: string;
  /** `%r` */
  readonly amPmTimeFormat: string;
  /** Sunday first. */
  readonly days: readonly string[];
  readonly abbreviatedDays: readonly string[];
  readonly months: readonly string[];
  readonly abbreviatedMonths: readonly string[];
  /** The two halves of the day; empty strings where the locale has none. */
  readonly amPm: readonly [string, string];
  /** The locale's own numerals from zero on, for `%O`; empty where it has none. */
  readonly altDigits: readonly string[];
  /** The eras for `%E`, as `direction:offset:start:end:name:format`; empty where it has none. */
  readonly eras: readonly string[];
  /** The abbreviation of the local time zone at a time, `%Z`. */
  readonly zoneName: (date: Date) => string;
  /** The local time zone, where `Date` does not know it. */
  readonly zone?: LocalZone | undefined;
}

/** A time zone other than that of `Date`. */
export interface LocalZone {
  /** What it is called at a time. */
  name(date: Date): string;
  /** The same time, whose local parts are those of the zone. */
  local(date: Date): Date;
  /** The time at which its clocks show this. */
  time(fields: TimeFields): Date;
}

/** A date and time of day, in local time; `month` counts from 0. */
export interface TimeFields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** The C (POSIX) locale, with the zone written as its offset from UTC. */
export const cLocale: TimeLocale = {
  dateTimeFormat: '%a %b %e %H:%M:%S %Y',
  dateFormat: '%m/%d/%y',
  timeFormat: '%H:%M:%S',
  amPmTimeFormat: '%I:%M:%S %p',
  days,
  abbreviatedDays: days.map(threeLetters),
  months,
  abbreviatedMonths: months.map(threeLetters),
  amPm: ['AM', 'PM'],
  altDigits: [],
  eras: [],
  zoneName: offsetName,
};

function threeLetters(name: string): string {
  return name.slice(0, 3);
}

/** `UTC`, or the offset in the form of zones without letters, such as `+01` or `-0330`. */
export function offsetName(date: Date): string {
  const offset = -date.getTimezoneOffset();
  if (offset === 0) return 'UTC';
  const hours = twoDigits(Math.floor(Math.abs(offset) / 60));
  const minutes = Math.abs(offset) % 60;
  return `${offset < 0 ? '-' : '+'}${hours}${minutes === 0 ? '' : twoDigits(minutes)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
