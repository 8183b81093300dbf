import { afterEach, describe, expect, it } from 'vitest';
import {
  formatLongTime,
  formatTimestamp,
  formatTimestampCell,
  timestampWidth,
} from '../../../src/cli/locale/time-format.ts';
import { cLocale, type TimeLocale } from '../../../src/cli/locale/time-locale.ts';

const date = new Date(2026, 10, 22, 14, 3, 3);

function locale(dateFormat: string, timeFormat = '%T'): TimeLocale {
  return { ...cLocale, dateTimeFormat: '%a %d %b %Y %T %Z', dateFormat, timeFormat };
}

describe('formatTimestamp', () => {
  it.each([
    ['C', cLocale, '11/22/26 14:03:03'],
    ['American', locale('%m/%d/%Y', '%r'), '11/22/2026 14:03:03'],
    ['British', locale('%d/%m/%y'), '22/11/26 14:03:03'],
    ['German', locale('%d.%m.%Y'), '22.11.2026 14:03:03'],
    [
      'Japanese, whose characters take three bytes',
      locale('%Y年%m月%d日', '%H時%M分%S秒'),
      '2026-11-22T14:03:03',
    ],
    ['short', { ...cLocale, dateTimeFormat: '%d.%m. %T' }, '22.11. 14:03:03'],
  ])('writes a %s time in at most 19 bytes', (_, userLocale, text) => {
    expect(formatTimestamp(date, userLocale)).toBe(text);
    expect(timestampWidth(date, userLocale)).toBe(text.length);
  });

  it.each([
    [24, 'Sun Nov 22 14:03:03 2026'],
    [20, '22 Nov 2026 14:03:03'],
    [17, '11/22/26 14:03:03'],
    [16, '11/22/26 14:03'],
    [13, '202611221403'],
    [11, ''],
  ])('takes the first form that fits in %d bytes', (width, text) => {
    expect(formatTimestamp(date, cLocale, width)).toBe(text);
  });

  it('leaves out more when there is less room', () => {
    const german = locale('%d.%m.%Y');
    expect(formatTimestamp(date, german, 18)).toBe('22.11.2026 14:03');
    expect(formatTimestamp(date, german, 15)).toBe('20261122140303');
  });
});

describe('formatTimestampCell', () => {
  it('fills up to its width in bytes', () => {
    expect(formatTimestampCell(date, cLocale, 17)).toBe('11/22/26 14:03:03');
    expect(formatTimestampCell(date, cLocale, 19)).toBe('11/22/26 14:03:03  ');
    expect(formatTimestampCell(date, locale('%-d日'), 18)).toBe('22日 14:03:03    ');
  });

  it('is empty where no form fits', () => {
    expect(formatTimestampCell(date, cLocale, 5)).toBe('');
  });
});

describe('formatLongTime', () => {
  it('writes the time for a sentence', () => {
    expect(formatLongTime(new Date(2026, 10, 25, 14, 11, 16), cLocale)).toBe('Wed Nov 25 14:11:16 2026');
  });
});

describe('local time', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  it.each([
    ['UTC', '2026-03-29T01:00:00Z', '03/29/26 01:00:00'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', '03/29/26 01:59:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '03/29/26 03:00:00'],
    ['America/New_York', '2026-11-01T05:59:59Z', '11/01/26 01:59:59'],
    ['America/New_York', '2026-11-01T06:00:00Z', '11/01/26 01:00:00'],
    ['Asia/Kolkata', '2026-11-22T14:03:03Z', '11/22/26 19:33:03'],
  ])('in %s at %s is %s', (name, time, text) => {
    process.env.TZ = name;
    expect(formatTimestamp(new Date(time), cLocale)).toBe(text);
  });
});

describe('the C locale', () => {
  it('is written as a locale of the same words whose lengths are not known', () => {
    const twin = { ...cLocale, abbreviatedMonths: [...cLocale.abbreviatedMonths] };
    for (const seconds of [0, 1, 86_399, 951_782_400, 1_795_364_257, 4_294_967_295]) {
      const date = new Date(seconds * 1000);
      for (let width = 0; width <= 30; width++) {
        expect(formatTimestamp(date, cLocale, width)).toBe(formatTimestamp(date, twin, width));
      }
    }
  });
});
