import { parseDuration } from '../../config/duration.ts';
import { isSupported, parseEnctypeList } from '../../crypto/enctype-list.ts';
import { UsageError } from '../command.ts';

const MAX_UINT32 = 0xffffffff;

/** The seconds of a positive duration that is understood completely. */
export function wholeDuration(text: string): number | undefined {
  const duration = parseDuration(text);
  const understood = duration !== undefined && duration.ignored === '' && duration.seconds > 0;
  return understood ? duration.seconds : undefined;
}

/** The supported enctypes in a list of names, including weak ones, since they are requested by name. */
function readEnctypeNames(text: string): readonly number[] {
  return parseEnctypeList(text, [], { allowWeak: true }).filter(isSupported);
}

/** The first word in a list that names no supported enctype. */
function unknownEnctype(list: string): string | undefined {
  const words = list.split(/[\s,]+/).filter(word => word !== '');
  return words.find(word => readEnctypeNames(word.replace(/^[+-]/, '')).length === 0);
}

/** The enctypes in the value of an option. Throws UsageError for a name without one: its keys would just be missing. */
export function enctypesOf(list: string, program: string): readonly number[] {
  const enctypes = readEnctypeNames(list);
  const wrong = unknownEnctype(list) ?? (enctypes.length === 0 ? list : undefined);
  if (wrong !== undefined) throw new UsageError(`${program}: '${wrong}' names no enctype`);
  return enctypes;
}

/** Converts a value from a file; throws an Error that names `path`. */
export type Reader<T> = (value: unknown, path: string) => T;
type Members = Readonly<Record<string, Reader<unknown>>>;
type Read<M extends Members> = { -readonly [K in keyof M]?: ReturnType<M[K]> };

export const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw new Error(`${path} must be text`);
  return value;
};

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new Error(`${path} must be true or false`);
  return value;
};

export const count: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_UINT32)
    throw new Error(`${path} must be a whole number from 1 to ${MAX_UINT32}`);
  return value;
};

/** A whole number, which may be zero. */
export const natural: Reader<number> = (value, path) => (value === 0 ? 0 : count(value, path));

/** Text that is one of `words`. */
export function oneOf<W extends string>(...words: readonly W[]): Reader<W> {
  return (value, path) => {
    const found = words.find(word => word === value);
    if (found !== undefined) return found;
    const list = words.map(word => `"${word}"`);
    throw new Error(`${path} must be ${list.slice(0, -1).join(', ')} or ${list.at(-1)}`);
  };
}

export const duration: Reader<number> = (value, path) => {
  const seconds = wholeDuration(String(value));
  if (seconds === undefined) throw new Error(`${path} must be a duration such as "10h"`);
  return seconds;
};

export const date: Reader<Date> = (value, path) => {
  const written = text(value, path);
  const read = new Date(written);
  // A day that does not exist would become one of the next month.
  const [, month, day] = /^(\d{4}-\d\d)-(\d\d)/.exec(written) ?? [];
  const hasDay = month === undefined || new Date(`${month}-${day}T00:00Z`).getUTCDate() === Number(day);
  if (Number.isNaN(read.getTime()) || !hasDay)
    throw new Error(`${path} must be a date such as "2030-01-31T12:00:00Z"`);
  return read;
};

const enctypeName: Reader<string> = (value, path) => {
  const name = text(value, path);
  if (unknownEnctype(name) !== undefined) throw new Error(`${path} names no enctype`);
  return name;
};

export const enctypes: Reader<readonly number[]> = (value, path) => {
  const list = readEnctypeNames(listOf(enctypeName)(value, path).join(' '));
  if (list.length === 0) throw new Error(`${path} names no enctype`);
  return list;
};

/** Reads an object with these members, all of which may be absent, and no others. */
export function members<M extends Members>(readers: M): Reader<Read<M>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`${path} must be an object`);
    }
    const read: Record<string, unknown> = {};
    for (const [key, given] of Object.entries(value)) {
      const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
      if (reader === undefined) throw new Error(`${path} has no member "${key}"`);
      read[key] = reader(given, `${key} of ${path}`);
    }
    return read as Read<M>;
  };
}

/** Reads a list, each of whose items `reader` accepts. */
export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Error(`${path} must be a list`);
    return value.map((item, i) => reader(item, `number ${i + 1} in ${path}`));
  };
}

/** Reads an object with any members, each of whose values `reader` accepts. */
export function recordOf<T>(reader: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`${path} must be an object`);
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, given]) => [key, reader(given, `${key} of ${path}`)]),
    );
  };
}
