import { readFileSync } from 'node:fs';
import { parseDuration } from '../config/duration.ts';
import { isSupported, parseEnctypeList } from '../crypto/enctypes.ts';
import { ConfigError, KerberosError } from '../errors.ts';
import type { AccountInfo, DomainInfo } from '../kdc/account.ts';
import { aliasComponents } from '../kdc/aliases.ts';
import type { IndicatorPolicy } from '../kdc/policy.ts';
import type { ServiceSpec, UserSpec } from '../kdc/start.ts';
import type { TrustSpec } from '../kdc/trust.ts';
import { parsePrincipal } from '../messages/principal.ts';
import { encodeSid } from '../messages/sid.ts';
import { fileReason } from './file-reason.ts';

const MAX_UINT32 = 0xffffffff;

/** A realm as a file describes it. */
export interface RealmFile extends Partial<OtherRealm> {
  readonly enctypes?: readonly number[];
  /** More realms of the same KDC. */
  readonly realms?: readonly OtherRealm[];
}

/** One realm among several. */
export interface OtherRealm {
  readonly realm: string;
  readonly maxLife?: number;
  readonly maxRenewableLife?: number;
  readonly requiresPreauth?: boolean;
  readonly pac?: boolean;
  readonly domain?: DomainInfo;
  readonly indicators?: IndicatorPolicy;
  readonly domainRealms?: Readonly<Record<string, string>>;
  readonly capaths?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly trusts?: readonly TrustSpec[];
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

const principal = nameThat(name => parsePrincipal(name, { defaultRealm: '' }));
const alias = nameThat(aliasComponents);

/** A name that `parse` understands. */
function nameThat(parse: (name: string) => unknown): Reader<string> {
  return (value, path) => {
    const name = text(value, path);
    try {
      parse(name);
      return name;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      throw new Error(`${path} is no name of a principal`);
    }
  };
}

/** A SID that has room for one number more. */
const domainSid: Reader<string> = (value, path) => {
  const sid = text(value, path);
  try {
    encodeSid(`${sid}-1`);
    return sid;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    throw new Error(`${path} must be a SID such as "S-1-5-21-1-2-3"`);
  }
};

const direction: Reader<NonNullable<TrustSpec['direction']>> = (value, path) => {
  if (value !== 'incoming' && value !== 'outgoing' && value !== 'both')
    throw new Error(`${path} must be "incoming", "outgoing" or "both"`);
  return value;
};

/** Relative identifiers begin with 1. */
const account: Reader<AccountInfo> = (value, path) => {
  const { rid, ...others } = members({
    rid: count,
    primaryGroup: count,
    groups: listOf(count),
    fullName: text,
    upn: text,
  })(value, path);
  if (rid === undefined) throw new Error(`${path} must have a rid`);
  return { rid, ...others };
};

const domain: Reader<DomainInfo> = (value, path) => {
  const { sid, name, server } = members({ sid: domainSid, name: text, server: text })(value, path);
  if (sid === undefined || name === undefined) throw new Error(`${path} must have a sid and a name`);
  return { sid, name, server };
};

const policy = {
  account,
  noPac: flag,
  requiresIndicators: listOf(text),
  aliases: listOf(alias),
  delegatesTo: listOf(principal),
  acceptsDelegationFrom: listOf(principal),
  okToAuthAsDelegate: flag,
  notDelegated: flag,
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

const trust: Reader<TrustSpec> = (value, path) => {
  const { realm: name, ...others } = members({
    realm: text,
    password: text,
    direction,
    kvno: count,
    enctypes,
    kdc: text,
  })(value, path);
  if (name === undefined) throw new Error(`${path} must have a realm`);
  return { realm: name, ...others };
};

const inRealm = {
  realm: text,
  maxLife: duration,
  maxRenewableLife: duration,
  requiresPreauth: flag,
  pac: flag,
  domain,
  indicators: members({
    encryptedTimestamp: listOf(text),
    encryptedChallenge: listOf(text),
    spake: listOf(text),
    pkinit: listOf(text),
    otp: listOf(text),
  }),
  domainRealms: recordOf(text),
  capaths: recordOf(recordOf(listOf(text))),
  users: listOf(user),
  services: listOf(service),
  trusts: listOf(trust),
};

const otherRealm: Reader<OtherRealm> = (value, path) => {
  const { realm: name, ...others } = members(inRealm)(value, path);
  if (name === undefined) throw new Error(`${path} must have a name, in "realm"`);
  return { realm: name, ...others };
};

const realm: Reader<RealmFile> = members({ ...inRealm, enctypes, realms: listOf(otherRealm) });

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

function recordOf<T>(reader: Reader<T>): Reader<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`${path} must be an object`);
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, given]) => [key, reader(given, `${key} of ${path}`)]),
    );
  };
}
