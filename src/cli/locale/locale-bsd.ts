import { bytesToText } from '../../codec/text.ts';
import { withFile } from './read-at.ts';
import type { TimeLocale } from './time-locale.ts';

const MAX_SIZE = 16_384;

/** LC_TIME of an installed locale of macOS or a BSD: a text file with one string per line. */
export function loadBsdLocale(
  name: string,
  base: TimeLocale,
  directory = '/usr/share/locale',
): TimeLocale | undefined {
  const bytes = withFile(`${directory}/${name}/LC_TIME`, file =>
    file.size <= MAX_SIZE ? file.read(0, file.size) : undefined,
  );
  return bytes && parse(bytesToText(bytes).split('\n'), base);
}

function parse(lines: readonly string[], base: TimeLocale): TimeLocale | undefined {
  const [timeFormat, dateFormat, dateTimeFormat, am, pm] = lines.slice(38, 43);
  if (!timeFormat || !dateFormat || !dateTimeFormat || am === undefined || pm === undefined) return undefined;
  return {
    ...base,
    abbreviatedMonths: lines.slice(0, 12),
    months: lines.slice(12, 24),
    abbreviatedDays: lines.slice(24, 31),
    days: lines.slice(31, 38),
    timeFormat,
    dateFormat,
    dateTimeFormat,
    amPm: [am, pm],
    // date(1)'s format and twelve names of months standing alone come in between, and the order of day and month
    amPmTimeFormat: lines[57] || base.amPmTimeFormat,
  };
}
