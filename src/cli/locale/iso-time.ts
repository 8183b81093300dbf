import type { TimeFields } from './time-locale.ts';

/** A moment, or a local time if the text names no zone. */
export type IsoTime = { readonly time: Date } | { readonly local: TimeFields };

const DATE = '(\\d{4})-(\\d\\d)-(\\d\\d)';
const TIME = '(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:[.,]\\d+)?)?';
const ZONE = '(Z|[+-]\\d\\d(?::?\\d\\d)?)';
const FORM = new RegExp(`^${DATE}(?:[T ]${TIME}${ZONE}?)?$`, 'i');

/**
 * Reads ISO 8601 with hyphens and colons, such as `2026-11-24T12:00Z`; a date alone means its first second. Undefined
 * for anything else, and for days and hours that do not exist.
 */
export function parseIsoTime(text: string): IsoTime | undefined {
  const match = FORM.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(part => Number(part ?? 0)) as Six;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date carries what is too large over to the next unit.
  if (time.toISOString().slice(0, 19) !== written([year, month, day], [hour, minute, second]))
    return undefined;
  const zone = match[7];
  if (zone === undefined) return { local: { year, month: month - 1, day, hour, minute, second } };
  const offset = offsetOf(zone);
  return offset === undefined ? undefined : { time: new Date(time.getTime() - offset * 60_000) };
}

type Six = [number, number, number, number, number, number];

function written(date: readonly number[], time: readonly number[]): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.map(two).join('-')}T${time.map(two).join(':')}`;
}

/** In minutes. */
function offsetOf(zone: string): number | undefined {
  if (/^z$/i.test(zone)) return 0;
  const [, sign, hours, minutes = 0] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)!;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === '-' ? -offset : offset;
}
