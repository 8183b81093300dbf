import type { LocalZone, TimeFields } from './time-locale.ts';

/** A zone's offset from UTC in seconds, and what it is called meanwhile. */
interface Period {
  readonly offset: number;
  readonly name: string;
}

/** When summer begins or ends in a year: seconds since 1970, by the clock of the zone. */
type Change = (year: number) => number;

const HOUR = 3600;

/** A zone of the form `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX.1, RFC 8536 §3.3.1); undefined for text of any other form. */
export function zoneOfRule(text: string): LocalZone | undefined {
  // Node.js knows those by name, with what they were in the past.
  if (/^(?:EST5EDT|CST6CDT|MST7MDT|PST8PDT)$/.test(text)) return undefined;
  const form =
    /^:?(<[\w+-]{3,}>|[A-Za-z]{3,})([\d:+-]+)(?:(<[\w+-]{3,}>|[A-Za-z]{3,})([\d:+-]+)?(?:,([^,]+),([^,]+))?)?$/;
  const [, name, west, summerName, summerWest, begin = 'M3.2.0', end = 'M11.1.0'] = form.exec(text) ?? [];
  const offset = parseOffset(west);
  if (name === undefined || offset === undefined) return undefined;
  const standard = { offset, name: plain(name) };
  if (summerName === undefined) return zoneOf(() => standard);
  const summerOffset = summerWest === undefined ? offset + HOUR : parseOffset(summerWest);
  const [begins, ends] = [parseChange(begin), parseChange(end)];
  if (summerOffset === undefined || begins === undefined || ends === undefined) return undefined;
  const summer = { offset: summerOffset, name: plain(summerName) };
  return zoneOf(date => {
    const year = date.getUTCFullYear();
    const time = date.getTime() / 1000;
    const from = begins(year) - standard.offset;
    const to = ends(year) - summer.offset;
    const isSummer = from < to ? time >= from && time < to : time >= from || time < to;
    return isSummer ? summer : standard;
  });
}

function plain(name: string): string {
  return name.replace(/[<>]/g, '');
}

/** What is written is how far west it is. */
function parseOffset(text = ''): number | undefined {
  const west = parseClock(text, 24);
  return west === undefined ? undefined : -west;
}

/** Seconds of `h`, `h:m` or `h:m:s`, each taken for the most that it can be where it is more. */
function parseClock(text: string, mostHours: number): number | undefined {
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /^([+-]?)(\d{1,3})(?::(\d{1,2})(?::(\d{1,2}))?)?$/.exec(text) ?? [];
  if (hours === undefined) return undefined;
  const upTo = (digits: string, most: number): number => Math.min(Number(digits), most);
  const value = upTo(hours, mostHours) * HOUR + upTo(minutes, 59) * 60 + upTo(seconds, 59);
  return sign === '-' ? -value : value;
}

/** `Mm.w.d`, week 5 being the last one, `Jn` without 29 February or `n` from 0, and the time of that day. */
function parseChange(text: string): Change | undefined {
  const [, julian, day, month, week, weekday, clock = '2'] =
    /^(?:J(\d{1,3})|(\d{1,3})|M(\d{1,2})\.([1-5])\.([0-6]))(?:\/(.+))?$/.exec(text) ?? [];
  const after = parseClock(clock, 167);
  if (after === undefined) return undefined;
  const at = (year: number, monthIndex: number, date: number): number =>
    Date.UTC(year, monthIndex, date) / 1000 + after;
  if (julian !== undefined) {
    const number = Number(julian);
    if (number < 1 || number > 365) return undefined;
    // The 60th is the first of March in every year.
    return year => (number < 60 ? at(year, 0, number) : at(year, 2, number - 59));
  }
  if (day !== undefined) return Number(day) > 365 ? undefined : year => at(year, 0, Number(day) + 1);
  const monthIndex = Number(month) - 1;
  if (!(monthIndex >= 0 && monthIndex < 12)) return undefined;
  return year => {
    const first = new Date(Date.UTC(year, monthIndex, 1)).getUTCDay();
    const date = 1 + ((Number(weekday) - first + 7) % 7) + 7 * (Number(week) - 1);
    const last = new Date(Date.UTC(year, monthIndex + 1, 0)).getUTCDate();
    return at(year, monthIndex, date > last ? date - 7 : date);
  };
}

function zoneOf(periodAt: (date: Date) => Period): LocalZone {
  const offsetAt = (time: number): number => periodAt(new Date(time)).offset * 1000;
  return {
    name: date => periodAt(date).name,
    local: date => withParts(date, periodAt(date).offset),
    time({ year, month, day, hour, minute, second }: TimeFields) {
      const clock = Date.UTC(year, month, day, hour, minute, second);
      return new Date(clock - offsetAt(clock - offsetAt(clock)));
    },
  };
}

/** The same time, whose local parts are those at this offset. */
function withParts(date: Date, offset: number): Date {
  const clock = new Date(date.getTime() + offset * 1000);
  return Object.assign(new Date(date), {
    getFullYear: () => clock.getUTCFullYear(),
    getMonth: () => clock.getUTCMonth(),
    getDate: () => clock.getUTCDate(),
    getDay: () => clock.getUTCDay(),
    getHours: () => clock.getUTCHours(),
    getMinutes: () => clock.getUTCMinutes(),
    getSeconds: () => clock.getUTCSeconds(),
    getTimezoneOffset: () => -offset / 60,
  });
}
