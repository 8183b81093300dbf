import { describe, expect, it } from 'vitest';
import { parseStartTime } from '../../../src/cli/locale/start-time.ts';
import { cLocale } from '../../../src/cli/locale/time-locale.ts';

const now = new Date(2026, 10, 22, 14, 3, 17);

function start(text: string, locale = cLocale) {
  return parseStartTime(text, now, locale);
}

function later(seconds: number, ignored = '') {
  return { time: new Date(now.getTime() + seconds * 1000), ignored };
}

function at(year: number, month: number, day: number, hour: number, minute: number, second: number) {
  return { time: new Date(year, month - 1, day, hour, minute, second), ignored: '' };
}

describe('parseStartTime', () => {
  it.each([
    ['10m', later(600)],
    ['23:30', later(23 * 3600 + 30 * 60)],
    ['2330', later(2330)],
    ['-1', later(-1)],
    ['26.11.24.12.00.00', later(26, '.11.24.12.00.00')],
    ['11/24/26:12:00:00', later(11, '/24/26:12:00:00')],
    ['1w', later(1, 'w')],
  ])('takes %s for a duration', (text, expected) => {
    expect(start(text)).toEqual(expected);
  });

  it.each([
    ['20261124120030', at(2026, 11, 24, 12, 0, 30)],
    ['261124120030', at(2026, 11, 24, 12, 0, 30)],
    ['2611241200', at(2026, 11, 24, 12, 0, 17)],
    ['24-Nov-2026:12:00:30', at(2026, 11, 24, 12, 0, 30)],
    ['24-november-2026:1:2', at(2026, 11, 24, 1, 2, 17)],
    ['31-Feb-2027:00:00', at(2027, 3, 3, 0, 0, 17)],
    ['0:0', at(2026, 11, 22, 0, 0, 17)],
    ['000000', at(2026, 11, 22, 0, 0, 0)],
    ['24-Nov-2026:12:00 ', at(2026, 11, 24, 12, 0, 17)],
  ])('takes %s for a date or time of day, the missing parts from now', (text, expected) => {
    expect(start(text)).toEqual(expected);
  });

  it.each([
    ['2026-11-24T12:00Z', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24t12:00:30z', '2026-11-24T12:00:30.000Z'],
    ['2026-11-24T12:00:30.5+01:30', '2026-11-24T10:30:30.000Z'],
    ['2026-11-24 12:00-0500', '2026-11-24T17:00:00.000Z'],
    ['2026-11-24T12:00+02', '2026-11-24T10:00:00.000Z'],
    ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('takes %s for a time in ISO 8601', (text, expected) => {
    expect(start(text)).toEqual({ time: new Date(expected), ignored: '' });
  });

  it.each([
    ['2026-11-24T12:00', at(2026, 11, 24, 12, 0, 0)],
    ['2026-11-24 12:00:30', at(2026, 11, 24, 12, 0, 30)],
    ['2026-11-24', at(2026, 11, 24, 0, 0, 0)],
  ])('takes %s for a local time in ISO 8601', (text, expected) => {
    expect(start(text)).toEqual(expected);
  });

  it.each([
    '2026-02-30T12:00Z',
    '2026-13-01',
    '2026-00-01',
    '2026-11-24T24:00Z',
    '2026-11-24T12:60Z',
    '2026-11-24T12Z',
    '2026-11-24T12:00+24:00',
    '2026-11-24Z',
    '0001-01-01T00:00Z',
    '1969-12-31T00:00Z',
    '2106-02-08T00:00Z',
    '',
    '0',
    'bogus',
    'tomorrow',
    '+5m',
    '24-Nov-2026:12',
    '24-Nov-2026:12:00 x',
    '20261124126000',
    '2147483648',
  ])('takes %j for nothing', text => {
    expect(start(text)).toBeUndefined();
  });

  it('reads the months of the locale and of English', () => {
    const german = { ...cLocale, abbreviatedMonths: cLocale.abbreviatedMonths.with(11, 'Dez') };
    expect(start('24-Dez-2026:12:00:00', german)).toEqual(at(2026, 12, 24, 12, 0, 0));
    expect(start('24-Dec-2026:12:00:00', german)).toEqual(at(2026, 12, 24, 12, 0, 0));
  });

  it('reads the short date of the locale, on a clock of twelve too', () => {
    const locale = { ...cLocale, dateFormat: 'D%d.%m.%Y', timeFormat: '%r', amPmTimeFormat: '%I:%M:%S %p' };
    expect(start('D24.11.2026:01:02:03 pm', locale)).toEqual(at(2026, 11, 24, 13, 2, 3));
    expect(start('D24.11.2026:12:02:03 AM', locale)).toEqual(at(2026, 11, 24, 0, 2, 3));
    expect(start('D24.11.2026:13:02:03', locale)).toEqual(at(2026, 11, 24, 13, 2, 3));
  });
});
