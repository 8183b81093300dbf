import { bytesToText } from '../../codec/text.ts';
import { findInArchive } from './locale-archive.ts';
import { withFile } from './read-at.ts';
import type { TimeLocale } from './time-locale.ts';

const DIRECTORY = '/usr/lib/locale';

/** No LC_TIME comes near this; the largest, with a hundred numerals, is 10 KiB. */
const MAX_SIZE = 65_536;

/** The magic number of LC_TIME, category 2. */
const MAGIC = 0x20031115 ^ 2;

/** The places of the items in LC_TIME's table, in the order of langinfo.h. */
const ITEM = {
  abbreviatedDays: 0,
  days: 7,
  abbreviatedMonths: 14,
  months: 26,
  amPm: 38,
  dateTimeFormat: 40,
  dateFormat: 41,
  timeFormat: 42,
  amPmTimeFormat: 43,
  eras: 44,
  altDigits: 47,
  end: 48,
};

/** LC_TIME of an installed locale of the GNU C library, from $LOCPATH, the archive or its directory. */
export function loadGlibcLocale(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  base: TimeLocale,
): TimeLocale | undefined {
  const bytes = env.LOCPATH
    ? findInDirectories(name, [...env.LOCPATH.split(':'), DIRECTORY])
    : (findInArchive(normalise(name), env.LOCALE_ARCHIVE || `${DIRECTORY}/locale-archive`, MAX_SIZE) ??
      findInDirectories(name, [DIRECTORY]));
  return bytes && parse(bytes, base);
}

function findInDirectories(name: string, directories: readonly string[]): Buffer | undefined {
  for (const directory of directories) {
    for (const folder of new Set([name, normalise(name)])) {
      const bytes = withFile(`${directory}/${folder}/LC_TIME`, file =>
        file.size <= MAX_SIZE ? file.read(0, file.size) : undefined,
      );
      if (bytes !== undefined) return bytes;
    }
  }
  return undefined;
}

/** de_DE.UTF-8 is kept as de_DE.utf8, de_DE.8859-1 as de_DE.iso88591. */
function normalise(name: string): string {
  return name.replace(/\.([^@]*)/, (_, codeset: string) => {
    const kept = codeset.toLowerCase().replace(/[^a-z0-9]/g, '');
    return `.${/^\d+$/.test(kept) ? 'iso' : ''}${kept}`;
  });
}

/** A compiled LC_TIME: magic, count, the offset of each item, then the items; undefined for anything odd. */
function parse(bytes: Buffer, base: TimeLocale): TimeLocale | undefined {
  if (bytes.length < 8 + 4 * ITEM.end) return undefined;
  const little = bytes.readUInt32LE(0) === MAGIC;
  if (!little && bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const uint32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  if (uint32(4) < ITEM.end) return undefined;

  /** The item's strings, each ended by NUL, up to the next item. */
  const strings = (item: number): string[] => {
    const start = uint32(8 + 4 * item);
    const end = item + 1 < uint32(4) ? uint32(12 + 4 * item) : bytes.length;
    const texts = bytesToText(bytes.subarray(start, Math.min(end, bytes.length))).split('\0');
    return texts.slice(0, -1);
  };
  const string = (item: number): string => strings(item)[0] ?? '';
  const list = (first: number, count: number): string[] =>
    Array.from({ length: count }, (_, index) => string(first + index));

  // Most listings need the formats alone, so the names are not read before they are asked for.
  const locale: TimeLocale = {
    dateTimeFormat: string(ITEM.dateTimeFormat),
    dateFormat: string(ITEM.dateFormat),
    timeFormat: string(ITEM.timeFormat),
    amPmTimeFormat: string(ITEM.amPmTimeFormat),
    get days() {
      return list(ITEM.days, 7);
    },
    get abbreviatedDays() {
      return list(ITEM.abbreviatedDays, 7);
    },
    get months() {
      return list(ITEM.months, 12);
    },
    get abbreviatedMonths() {
      return list(ITEM.abbreviatedMonths, 12);
    },
    get amPm() {
      return [string(ITEM.amPm), string(ITEM.amPm + 1)] as const;
    },
    get altDigits() {
      return strings(ITEM.altDigits).filter(Boolean);
    },
    get eras() {
      return strings(ITEM.eras).filter(era => era.split(':').length >= 6);
    },
    zoneName: base.zoneName,
  };
  return locale.dateFormat === '' || locale.timeFormat === '' ? undefined : locale;
}
