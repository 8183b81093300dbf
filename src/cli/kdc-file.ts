import { readFileSync } from 'node:fs';
import { parseDuration } from '../config/duration.ts';
import { isSupported, parseEnctypeList } from '../crypto/enctypes.ts';
import { ConfigError } from '../errors.ts';
import type { ServiceSpec, UserSpec } from '../kdc/start.ts';
import { fileReason } from './file-reason.ts';

const MAX_UINT32 = 0xffffffff;

/** A realm as a file describes it. */
export interface RealmFile {
  readonly realm?: string;
  readonly maxLife?: number;
  readonly maxRenewableLife?: number;
  readonly requiresPreauth?: boolean;
  readonly enctypes?: readonly number[];
  readonly users?: readonly UserSpec[];
  readonly services?: readonly ServiceSpec[];
}

/** Reads a realm from a JSON file. Throws ConfigError with the path of the member that is wrong. */
export function readRealmFile(file: string): RealmFile {
  const json = readText(file);
  try {
    return realm(JSON.parse(json), 'the realm');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // What JSON.parse says quotes the text, which has passwords in it.
    const reason = error instanceof SyntaxError ? 'this is not JSON' : error.message;
    throw new ConfigError('CONFIG_SYNTAX', `${file}: ${reason}`, { file });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_UNREADABLE', `${file}: ${fileReason(cause)}`, { file }, { cause });
  }
}

/** The seconds of a duration that is positive and wholly understood. */
export function wholeDuration(text: string): number | undefined {
  const duration = parseDuration(text);
  const understood = duration !== undefined && duration.ignored === '' && duration.seconds > 0;
  return understood ? duration.seconds : undefined;
}

/** The enctypes that a list names and that we have; weak ones, too, as somebody asks for them by name. */
export function readEnctypeNames(text: string): readonly number[] {
  return parseEnctypeList(text, [], { allowWeak: true }).filter(isSupported);
}

/** Makes a value of what JSON has; throws an Error that names `path`. */
type Reader<T> = (value: unknown, path: string) => T;
type Members = Readonly<Record<string, Reader<unknown>>>;
type Read<M extends Members> = { -readonly [K in keyof M]?: ReturnType<M[K]> };

const text: Reader<string> = (value, path) => {
  if (typeof value !== 'string') throw new Error(`${path} must be text`);
  return value;
};

const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new Error(`${path} must be true or false`);
  return value;
};

const count: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_UINT32)
    throw new Error(`${path} must be a whole number from 1 to ${MAX_UINT32}`);
  return value;
};

const duration: Reader<number> = (value, path) => {
  const seconds = wholeDuration(String(value));
  if (seconds === undefined) throw new Error(`${path} must be a duration such as "10h"`);
  return seconds;
};

const date: Reader<Date> = (value, path) => {
  const read = new Date(text(value, path));
  if (Number.isNaN(read.getTime())) throw new Error(`${path} must be a date such as "2030-01-31T12:00:00Z"`);
  return read;
};

const enctypes: Reader<readonly number[]> = (value, path) => {
  const list = readEnctypeNames(listOf(text)(value, path).join(' '));
  if (list.length === 0) throw new Error(`${path} names no enctype`);
  return list;
};

const policy = {
  kvno: count,
  enctypes,
  maxLife: duration,
  maxRenewableLife: duration,
  expiration: date,
  passwordExpiration: date,
  requiresPreauth: flag,
  locked: flag,
  disallowForwardable: flag,
  disallowProxiable: flag,
  disallowRenewable: flag,
  disallowPostdated: flag,
  disallowServer: flag,
  disallowUserToUser: flag,
  disallowTgsBased: flag,
  passwordChangeService: flag,
  okAsDelegate: flag,
};

const user: Reader<UserSpec> = (value, path) => {
  const { name, password, ...others } = members({ name: text, password: text, salt: text, ...policy })(
    value,
    path,
  );
  if (name === undefined || password === undefined)
    throw new Error(`${path} must have a name and a password`);
  return { name, password, ...others };
};

const service: Reader<ServiceSpec> = (value, path) => {
  if (typeof value === 'string') return { name: value };
  const { name, ...others } = members({ name: text, ...policy })(value, path);
  if (name === undefined) throw new Error(`${path} must have a name`);
  return { name, ...others };
};

const realm: Reader<RealmFile> = members({
  realm: text,
  maxLife: duration,
  maxRenewableLife: duration,
  requiresPreauth: flag,
  enctypes,
  users: listOf(user),
  services: listOf(service),
});

/** Reads an object of these members, all of which may be absent, and no others. */
function members<M extends Members>(readers: M): Reader<Read<M>> {
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

function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Error(`${path} must be a list`);
    return value.map((item, i) => reader(item, `number ${i + 1} in ${path}`));
  };
}
