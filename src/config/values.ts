import { ConfigError } from '../errors.ts';
import { parseDuration } from './duration.ts';
import type { Profile, Relation } from './profile.ts';

type Path = readonly string[];

/** The words for yes and no that MIT knows, in any case. */
const YES = ['y', 'yes', 'true', 't', '1', 'on'];
const NO = ['n', 'no', 'false', 'nil', '0', 'off'];

/**
 * The first value at `path`, parsed; if `parse` returns undefined, throws `ConfigError` CONFIG_VALUE, saying that it is
 * not `what`.
 */
export function readValue<T>(
  profile: Profile,
  path: Path,
  what: string,
  parse: (text: string) => T | undefined,
): T | undefined {
  const relation = profile.relations(...path)[0];
  if (relation === undefined) return undefined;
  const value = parse(relation.value);
  if (value === undefined) throw valueError(path, relation, what);
  return value;
}

/** A boolean value, or `fallback` if it is not set. */
export function readBoolean(profile: Profile, path: Path, fallback: boolean): boolean {
  return readValue(profile, path, 'yes or no', parseBoolean) ?? fallback;
}

/** An integer that fits 32 bits, decimal or 0x…, or `fallback`. */
export function readInteger(profile: Profile, path: Path, fallback: number): number {
  return readValue(profile, path, 'an integer', parseInteger) ?? fallback;
}

/** A duration in seconds. */
export function readDuration(profile: Profile, path: Path): number | undefined {
  return readValue(profile, path, 'a duration', text => parseDuration(text)?.seconds);
}

/** The words separated by blanks and commas. */
export function readWords(profile: Profile, path: Path): readonly string[] | undefined {
  return readValue(profile, path, 'a list', words);
}

/** The integers separated by blanks and commas. */
export function readIntegers(profile: Profile, path: Path): readonly number[] | undefined {
  return readValue(profile, path, 'a list of integers', text => {
    const numbers = words(text).map(parseInteger);
    return numbers.every(number => number !== undefined) ? numbers : undefined;
  });
}

/** A boolean as MIT parses it. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (YES.includes(word)) return true;
  return NO.includes(word) ? false : undefined;
}

/** The error for a value that is not `what` it should be. */
export function valueError(path: Path, { file, line, value }: Relation, what: string): ConfigError {
  const text = `${file}:${line}: ${path.join('.')}: ${JSON.stringify(value)} is not ${what}`;
  return new ConfigError('CONFIG_VALUE', text, { file, line });
}

function parseInteger(text: string): number | undefined {
  if (!/^(?:-?\d+|0x[\da-f]+)$/i.test(text)) return undefined;
  const number = Number(text);
  return number >= -0x80000000 && number <= 0xffffffff ? number : undefined;
}

/** The words separated by blanks and commas. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter(word => word !== '');
}
