import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStartTime } from '../../../src/cli/locale/start-time.ts';
import { strftime } from '../../../src/cli/locale/strftime.ts';
import { formatLongTime, formatTimestamp } from '../../../src/cli/locale/time-format.ts';
import { cLocale } from '../../../src/cli/locale/time-locale.ts';
import { userLocale } from '../../../src/cli/locale/user-locale.ts';
import { zoneOfRule } from '../../../src/cli/locale/zone-rule.ts';

const RULES = [
  'XYZ-3:30',
  '<+0330>-3:30',
  'XYZ-24:59:59',
  'EST5',
  'UTC+3',
  'CET-1CEST,M3.5.0,M10.5.0/3',
  'AEST-10AEDT,M10.1.0,M4.1.0/3',
  'IST-2IDT,M3.4.4/26,M10.5.0',
  'EST5EDT4,J60/1,300',
  'NZST-12:00:00NZDT-13:00:00,M10.1.0,M3.3.0',
  'XXX3YYY2:30,J365/-2,0/6:59:59',
  '<-03>3<-02>,M3.5.0/-2,M10.5.0/-1',
];

/** As `date` writes a time there. */
function inZone(rule: string, seconds: number): string {
  const date = new Date(seconds * 1000);
  const zone = zoneOfRule(rule)!;
  return strftime('%F %T %a %j %Z', zone.local(date), { ...cLocale, zoneName: zone.name });
}

const GNU_DATE = '/usr/bin/date';
const isGnu =
  existsSync(GNU_DATE) && /GNU/.test(spawnSync(GNU_DATE, ['--version'], { encoding: 'utf8' }).stdout);

describe.skipIf(!isGnu)('a zone by rule is that of the C library', () => {
  it.each(RULES)('%s', rule => {
    // Every third hour of two years, one of which is a leap year.
    const begin = Date.UTC(2027, 11, 30) / 1000;
    const times = Array.from({ length: 2 * 366 * 8 }, (_, i) => begin + i * 10_800);
    const { stdout } = spawnSync(GNU_DATE, ['-f', '-', '+%F %T %a %j %Z'], {
      input: times.map(time => `@${time}\n`).join(''),
      env: { TZ: rule, LC_ALL: 'C' },
      encoding: 'utf8',
    });
    expect(times.map(time => inZone(rule, time))).toEqual(stdout.trimEnd().split('\n'));
  });
});

it('changes to summer and back at the second', () => {
  const at = (time: string) => inZone('CET-1CEST,M3.5.0,M10.5.0/3', Date.parse(time) / 1000).slice(11);
  expect(at('2026-03-29T00:59:59Z')).toBe('01:59:59 Sun 088 CET');
  expect(at('2026-03-29T01:00:00Z')).toBe('03:00:00 Sun 088 CEST');
  expect(at('2026-10-25T00:59:59Z')).toBe('02:59:59 Sun 298 CEST');
  expect(at('2026-10-25T01:00:00Z')).toBe('02:00:00 Sun 298 CET');
});

it('is the summer of the United States where no rule says when it is', () => {
  const at = (time: string) => inZone('XXX3YYY', Date.parse(time) / 1000);
  expect(at('2026-03-08T04:59:59Z')).toContain('01:59:59 Sun 067 XXX');
  expect(at('2026-03-08T05:00:00Z')).toContain('03:00:00 Sun 067 YYY');
});

it.each([
  ...[
    '',
    'UTC',
    'Europe/Berlin',
    'EST5EDT',
    'Etc/GMT+5',
    'XX5',
    'XYZ',
    ':/etc/localtime',
    '/usr/share/zoneinfo/EST5EDT',
  ],
  ...[
    'XYZ3:',
    'XYZ+-3',
    'XYZ3ABC,M3.5.0',
    'XYZ3ABC,M13.1.0,M1.1.0',
    'XYZ3ABC,M0.1.0,M1.1.0',
    'XYZ3ABC,J0,J366',
  ],
  ...['XYZ3ABC,M3.6.0,M1.1.0', 'XYZ3ABC,366,1', 'XYZ3ABC,1,2,3', 'XYZ3ABC,1/x,2', '<XY>3', '<X Y>3'],
])('%j is no rule', text => {
  expect(zoneOfRule(text)).toBeUndefined();
});

it('any text is a rule or none', () => {
  const piece = fc.constantFrom('XYZ', '<+03>', '3', '-', '+', ':', ',', 'M3.5.0', 'J60', '/', '0');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.date({ noInvalidDate: true }), (pieces, date) => {
      const zone = zoneOfRule(pieces.join(''));
      expect(typeof (zone?.name(date) ?? '')).toBe('string');
    }),
  );
});

describe('with TZ as a rule', () => {
  const locale = userLocale({ TZ: 'CET-1CEST,M3.5.0,M10.5.0/3' });
  const summer = new Date('2026-07-01T12:00:00Z');

  it('times are written in the zone', () => {
    expect(formatTimestamp(summer, locale)).toBe('07/01/26 14:00:00');
    expect(formatLongTime(summer, locale)).toBe('Wed Jul  1 14:00:00 2026');
    expect(locale.zoneName(summer)).toBe('CEST');
  });

  it('times are read in the zone', () => {
    const read = (text: string) => parseStartTime(text, summer, locale)?.time.toISOString();
    expect(read('20260702080000')).toBe('2026-07-02T06:00:00.000Z');
    expect(read('20261202080000')).toBe('2026-12-02T07:00:00.000Z');
    expect(read('0:0')).toBe('2026-06-30T22:00:00.000Z');
  });
});
