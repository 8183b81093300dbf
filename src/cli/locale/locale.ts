import { loadBsdLocale } from './locale-bsd.ts';
import { loadGlibcLocale } from './locale-glibc.ts';
import { cLocale, type TimeLocale } from './time-locale.ts';
import { zoneName } from './zone-name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The categories besides LC_TIME whose locale must exist too, or setlocale(LC_ALL, "") changes nothing at all. */
const OTHER_CATEGORIES = [
  'LC_CTYPE',
  'LC_NUMERIC',
  'LC_COLLATE',
  'LC_MONETARY',
  'LC_MESSAGES',
  'LC_PAPER',
  'LC_NAME',
  'LC_ADDRESS',
  'LC_TELEPHONE',
  'LC_MEASUREMENT',
  'LC_IDENTIFICATION',
];

/**
 * The user's LC_TIME as `setlocale(LC_ALL, "")` would set it: LC_ALL, LC_TIME, LANG in that order, read from the
 * system's own data, and the C locale where any category names a locale that is not installed.
 */
export function loadLocale(env: Environment): TimeLocale {
  const base = { ...cLocale, zoneName: (date: Date) => zoneName(date, env) };
  return timeLocale(env, base) ?? base;
}

/** The user's locale, what it does not say taken from `base`; undefined for the C locale. */
function timeLocale(env: Environment, base: TimeLocale): TimeLocale | undefined {
  const name = categoryLocale(env, 'LC_TIME');
  if (isC(name)) return undefined;
  const locale = load(name, env, base);
  const others = new Set(OTHER_CATEGORIES.map(category => categoryLocale(env, category)));
  others.delete(name);
  for (const other of others) if (!isC(other) && load(other, env, base) === undefined) return undefined;
  return locale;
}

function categoryLocale(env: Environment, category: string): string {
  return env.LC_ALL || env[category] || env.LANG || 'C';
}

/** C.UTF-8 differs from C in its character set alone. */
function isC(name: string): boolean {
  return name === 'C' || name === 'POSIX' || name.startsWith('C.');
}

function load(name: string, env: Environment, base: TimeLocale): TimeLocale | undefined {
  if (name.length > 255 || name.startsWith('.') || !/^[\w.@-]+$/.test(name)) return undefined;
  return loadGlibcLocale(name, env, base) ?? loadBsdLocale(name, base);
}
