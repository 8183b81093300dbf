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
  const locale = timeLocale(env);
  return { ...locale, zoneName: date => zoneName(date, env) };
}

function timeLocale(env: Environment): TimeLocale {
  const name = categoryLocale(env, 'LC_TIME');
  if (isC(name)) return cLocale;
  const locale = load(name, env);
  if (locale === undefined) return cLocale;
  const others = new Set(OTHER_CATEGORIES.map(category => categoryLocale(env, category)));
  others.delete(name);
  for (const other of others) if (!isC(other) && load(other, env) === undefined) return cLocale;
  return locale;
}

function categoryLocale(env: Environment, category: string): string {
  return env.LC_ALL || env[category] || env.LANG || 'C';
}

/** C.UTF-8 differs from C in its character set alone. */
function isC(name: string): boolean {
  return name === 'C' || name === 'POSIX' || name.startsWith('C.');
}

function load(name: string, env: Environment): TimeLocale | undefined {
  if (name.length > 255 || name.startsWith('.') || !/^[\w.@-]+$/.test(name)) return undefined;
  return loadGlibcLocale(name, env) ?? loadBsdLocale(name);
}
