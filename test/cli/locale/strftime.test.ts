import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { loadLocale } from '../../../src/cli/locale/locale.ts';
import { strftime } from '../../../src/cli/locale/strftime.ts';
import { cLocale } from '../../../src/cli/locale/time-locale.ts';
import { bytesToText } from '../../../src/codec/text.ts';

const date = new Date(2026, 10, 2, 15, 4, 5);

describe('strftime', () => {
  it.each([
    ['%a %A %b %B %h', 'Mon Monday Nov November Nov'],
    ['%d %e %H %I %j %k %l %m %M %S', '02  2 15 03 306 15  3 11 04 05'],
    ['%u %w %C %y %Y', '1 1 20 26 2026'],
    ['%p %P %r', 'PM pm 03:04:05 PM'],
    ['%D %F %R %T', '11/02/26 2026-11-02 15:04 15:04:05'],
    ['%c|%x|%X', 'Mon Nov  2 15:04:05 2026|11/02/26|15:04:05'],
    ['%-d %_d %_m %0e %-I %^a %^B', '2  2 11 02 3 MON NOVEMBER'],
    ['%6Y %12B', '002026     November'],
    ['%Ey %EY %Od', '26 2026 02'],
    ['100%% %n%t %Q %', '100% \n\t %Q %'],
  ])('writes %j as %j', (format, text) => {
    expect(strftime(format, date, cLocale)).toBe(text);
  });

  it('writes noon and midnight on a clock of twelve', () => {
    expect(strftime('%I %p', new Date(2026, 0, 1, 0), cLocale)).toBe('12 AM');
    expect(strftime('%I %p', new Date(2026, 0, 1, 12), cLocale)).toBe('12 PM');
  });

  it('counts the years of an era, and has none before it', () => {
    const eras = ['+:2:2020/01/01:+*:令和:%EC%Ey年', '+:1:2019/05/01:2019/12/31:令和:%EC元年'];
    const locale = { ...cLocale, eras };
    expect(strftime('%EC %Ey %EY', date, locale)).toBe('令和 8 令和8年');
    expect(strftime('%EY', new Date(2019, 5, 1), locale)).toBe('令和元年');
    expect(strftime('%EY', new Date(2019, 3, 30), locale)).toBe('2019');
  });

  it('counts an era from before the year 1', () => {
    const locale = { ...cLocale, eras: ['+:1:-543/01/01:+*:พ.ศ.:%EC %Ey'] };
    expect(strftime('%d/%m/%Ey', date, locale)).toBe('02/11/2569');
  });

  it("uses the locale's numerals where the format asks for them", () => {
    const locale = { ...cLocale, altDigits: ['〇', '一', '二', '三', '四', '五'] };
    expect(strftime('%Od %d %OM %OH', date, locale)).toBe('二 02 四 15');
  });

  it('ends when a format names itself', () => {
    expect(strftime('%c', date, { ...cLocale, dateTimeFormat: 'a%c' })).toMatch(/^a+$/);
  });
});

const installed = spawnSync('locale', ['-a'], { encoding: 'utf8' })
  .stdout?.split('\n')
  .filter(name => name.includes('.'));

describe.skipIf(!installed?.length)('the installed locales (needs locale -a and date -d)', () => {
  it.each(installed ?? [])('%s: writes what date(1) writes', name => {
    for (let second = 1_767_225_599; second < 1_798_761_599; second += 86_400 * 23 + 7_200) {
      const env = { LC_ALL: name, TZ: process.env.TZ };
      const format = '%c|%x|%X|%r|%A %B %b %Z';
      const args = ['-d', `@${second}`, `+${format}`];
      const { stdout } = spawnSync('date', args, { env: { ...process.env, ...env } });
      expect(strftime(format, new Date(second * 1000), loadLocale(env))).toBe(bytesToText(stdout).trimEnd());
    }
  });
});
