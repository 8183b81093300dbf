import type { TimeLocale } from './time-locale.ts';

/** `%EC`, the era's name, `%Ey`, the year in it, or `%EY`, its way to write both; undefined outside any era. */
export function eraText(letter: string, date: Date, locale: TimeLocale): string | undefined {
  if (!'CyY'.includes(letter)) return undefined;
  const today = dayNumber(date.getFullYear(), date.getMonth() + 1, date.getDate());
  for (const entry of locale.eras) {
    const [direction, first = '', start = '', end = '', name = '', ...format] = entry.split(':');
    const from = parseDay(start);
    const to = parseDay(end);
    if (today < Math.min(from.day, to.day) || today > Math.max(from.day, to.day)) continue;
    const year = Number(first) + (date.getFullYear() - from.year) * (direction === '-' ? -1 : 1);
    if (letter === 'C') return name;
    if (letter === 'y') return String(year);
    return format.join(':').replace('%EC', name).replace('%Ey', String(year));
  }
  return undefined;
}

/** `year/month/day`, or `-*` and `+*` for the ends of time; the year -1 is the one before the year 1. */
function parseDay(text: string): { year: number; day: number } {
  if (text.endsWith('*')) return { year: 0, day: text.startsWith('-') ? -Infinity : Infinity };
  const [year = 0, month = 1, date = 1] = text.split('/').map(Number);
  const counted = year < 0 ? year + 1 : year;
  return { year: counted, day: dayNumber(counted, month, date) };
}

function dayNumber(year: number, month: number, day: number): number {
  return (year * 12 + month) * 31 + day;
}
