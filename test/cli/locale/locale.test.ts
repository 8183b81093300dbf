import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { loadLocale } from '../../../src/cli/locale/locale.ts';
import { loadBsdLocale } from '../../../src/cli/locale/locale-bsd.ts';
import { cLocale } from '../../../src/cli/locale/time-locale.ts';
import { compiledTime, localeArchive } from '../../support/glibc-locale.ts';

const opened = vi.hoisted(() => [] as string[]);
vi.mock('node:fs', async importOriginal => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return {
    ...fs,
    openSync: (path: string, flags: string) => {
      opened.push(path);
      return fs.openSync(path, flags);
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'locale-'));
const archivePath = join(folder, 'locale-archive');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => opened.splice(0));

function install(path: string, bytes: string | Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

const german = compiledTime({ dateFormat: '%d.%m.%Y', monday: 'Montag' });
const japanese = compiledTime({ dateFormat: '%Y年%m月%d日' });
install('locale-archive', localeArchive({ 'de_DE.utf8': german, 'ja_JP.utf8': japanese }));
install('path/de_DE.utf8/LC_TIME', german);
install('path/de_DE@euro/LC_TIME', japanese);

function dateFormat(env: Record<string, string>): string {
  return loadLocale({ LOCALE_ARCHIVE: archivePath, ...env }).dateFormat;
}

describe('loadLocale', () => {
  it.each([
    ['nothing', {}],
    ['C', { LANG: 'C' }],
    ['POSIX', { LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }],
    ['C.UTF-8', { LC_TIME: 'C.UTF-8', LANG: 'de_DE.UTF-8' }],
  ])('gives the C locale for %s without opening a file', (_, env) => {
    expect(dateFormat(env)).toBe(cLocale.dateFormat);
    expect(opened).toEqual([]);
  });

  it.each([
    ['LANG alone', { LANG: 'de_DE.UTF-8' }],
    ['LC_TIME before LANG', { LC_TIME: 'de_DE.UTF-8', LANG: 'ja_JP.UTF-8' }],
    ['LC_ALL before LC_TIME', { LC_ALL: 'de_DE.UTF-8', LC_TIME: 'ja_JP.UTF-8' }],
    ['an empty LC_ALL as if unset', { LC_ALL: '', LANG: 'de_DE.UTF-8' }],
    ['the codeset in any spelling', { LANG: 'de_DE.utf-8' }],
  ])('takes %s', (_, env) => {
    expect(dateFormat(env)).toBe('%d.%m.%Y');
  });

  it.each([
    ['a locale that is not installed', { LANG: 'xx_XX.UTF-8' }],
    ['a name in the wrong case', { LANG: 'DE_de.UTF-8' }],
    ['a name with a path', { LANG: '../path/de_DE.utf8', LOCPATH: join(folder, 'path') }],
    ['another category that is not installed', { LANG: 'de_DE.UTF-8', LC_CTYPE: 'UTF-8' }],
  ])('gives the C locale for %s', (_, env) => {
    expect(dateFormat(env)).toBe(cLocale.dateFormat);
  });

  it('takes other categories from other installed locales', () => {
    expect(dateFormat({ LANG: 'ja_JP.UTF-8', LC_TIME: 'de_DE.UTF-8', LC_CTYPE: 'C' })).toBe('%d.%m.%Y');
  });

  it('looks into $LOCPATH and not into the archive', () => {
    const LOCPATH = `${folder}/nothing:${folder}/path`;
    expect(dateFormat({ LOCPATH, LANG: 'de_DE.UTF-8' })).toBe('%d.%m.%Y');
    expect(dateFormat({ LOCPATH, LANG: 'de_DE@euro' })).toBe('%Y年%m月%d日');
    expect(dateFormat({ LOCPATH, LANG: 'ja_JP.UTF-8' })).toBe(cLocale.dateFormat);
  });

  it('reads names, eras and numerals', () => {
    const time = { monday: 'จันทร์', eras: ['+:1:-543/01/01:+*:พ.ศ.:%EC %Ey'], altDigits: ['٠', '١'] };
    install('path/th_TH.utf8/LC_TIME', compiledTime(time));
    const locale = loadLocale({ LOCPATH: join(folder, 'path'), LANG: 'th_TH.UTF-8' });
    expect(locale.days[1]).toBe('จันทร์');
    expect(locale.eras).toEqual(time.eras);
    expect(locale.altDigits).toEqual(time.altDigits);
  });

  it('reads data of a machine with the other byte order', () => {
    const bigEndian = true;
    const time = compiledTime({ dateFormat: '%Y!' }, { bigEndian });
    install('big-archive', localeArchive({ 'de_DE.utf8': time }, { bigEndian }));
    expect(dateFormat({ LOCALE_ARCHIVE: join(folder, 'big-archive'), LANG: 'de_DE.UTF-8' })).toBe('%Y!');
  });

  it('survives any damage to the archive', () => {
    const whole = localeArchive({ 'de_DE.utf8': german });
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        install('damaged', bytes.subarray(0, length < 100 ? length : undefined));
        const locale = loadLocale({ LOCALE_ARCHIVE: join(folder, 'damaged'), LANG: 'de_DE.UTF-8' });
        expect(locale.days).toHaveLength(7);
        expect(locale.abbreviatedMonths).toHaveLength(12);
      }),
    );
  });
});

describe('loadBsdLocale', () => {
  const months = Array.from({ length: 12 }, (_, index) => `${index + 1}月`);
  const days = ['日', '月', '火', '水', '木', '金', '土'];
  const formats = ['%H時%M分%S秒', '%Y/%m/%d', '%a %b/%e %T %Y', 'AM', 'PM', '%Y年 %b%e日 %A %X %Z'];
  const lines = [...months, ...months, ...days, ...days, ...formats, ...months, 'md', '%I:%M:%S %p', ''];
  install('share/ja_JP.UTF-8/LC_TIME', lines.join('\n'));

  it('reads the lines of a text file', () => {
    expect(loadBsdLocale('ja_JP.UTF-8', cLocale, join(folder, 'share'))).toMatchObject({
      dateTimeFormat: '%a %b/%e %T %Y',
      dateFormat: '%Y/%m/%d',
      timeFormat: '%H時%M分%S秒',
      amPmTimeFormat: '%I:%M:%S %p',
      days,
      months,
      amPm: ['AM', 'PM'],
    });
  });

  it('knows no locale where the file is short or missing', () => {
    install('share/short/LC_TIME', lines.slice(0, 40).join('\n'));
    expect(loadBsdLocale('short', cLocale, join(folder, 'share'))).toBeUndefined();
    expect(loadBsdLocale('missing', cLocale, join(folder, 'share'))).toBeUndefined();
  });
});
