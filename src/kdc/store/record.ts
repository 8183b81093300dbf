import { importKey } from '../../crypto/key.ts';
import type { PrincipalEntry } from '../database.ts';
import { KeyVersion, type OpenKeys, type PasswordOrigin } from '../key-version.ts';
import { loginKeys } from '../login-keys.ts';
import type { PrincipalPolicy } from '../policy.ts';

/** A principal's record, in JSON before it is sealed: short, because most are opened for a single request. */
type StoredEntry = readonly [
  nameType: number,
  realm: string,
  components: readonly string[],
  keys: readonly StoredKeys[],
  /** In milliseconds. */
  created: number | null,
  /** Absent if it is empty. */
  policy?: unknown,
  /** In milliseconds. */
  aliased?: number,
];

/**
 * Each key is its enctype and its bytes in base64; the preferred key of the newest version also has the keys that it
 * derives in a login (`loginKeys`), if they were known when the record was made.
 */
type StoredKeys = readonly [
  kvno: number,
  rows: readonly (readonly [number, string, string?])[],
  origin?: PasswordOrigin | undefined,
];

/** The unsealed bytes of an entry. */
export function encodeEntry({ principal, keys, policy, created, aliased }: PrincipalEntry): Uint8Array {
  const stored: StoredEntry = [
    principal.nameType,
    principal.realm,
    principal.components,
    keys.map((version, i) => storedKeys(version, i === 0)),
    created?.getTime() ?? null,
  ];
  const said = toJson(policy) as object;
  const more = aliased === undefined ? [said] : [said, aliased.getTime()];
  return Buffer.from(JSON.stringify(Object.keys(said).length === 0 ? stored : [...stored, ...more]));
}

function storedKeys(version: KeyVersion, isNewest: boolean): StoredKeys {
  const { kvno, origin } = version;
  const rows = version.rows().map(({ etype, bytes }, i) => {
    const login = isNewest && i === 0 ? loginKeys(importKey(etype, bytes)) : undefined;
    const key = toBase64(bytes);
    return login === undefined ? ([etype, key] as const) : ([etype, key, login] as const);
  });
  return origin === undefined ? [kvno, rows] : [kvno, rows, origin];
}

/** The inverse of `encodeEntry`; the keys are opened in `pool`. */
export function decodeEntry(bytes: Uint8Array, pool: OpenKeys): PrincipalEntry {
  const [nameType, realm, components, keys, created, policy, aliased] = parse(bytes) as StoredEntry;
  return {
    principal: { nameType, realm, components },
    keys: keys.map(([kvno, rows, origin]) => {
      const packed = rows.map(([etype, key, login]) => ({
        etype,
        bytes: Buffer.from(key, 'base64'),
        login,
      }));
      return new KeyVersion(kvno, packed, pool, origin);
    }),
    policy: (policy === undefined ? {} : fromJson(policy)) as PrincipalPolicy,
    created: created === null ? undefined : new Date(created),
    ...(aliased !== undefined && { aliased: new Date(aliased) }),
  };
}

/** JSON for values that contain dates and bytes. */
export function encodeValue(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(toJson(value)));
}

/** The inverse of `encodeValue`; as the bytes were sealed, they were made by it. */
export function decodeValue<T>(bytes: Uint8Array): T {
  return fromJson(parse(bytes)) as T;
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
}

const DATE = '$date';
const BYTES = '$bytes';

function toJson(value: unknown): unknown {
  if (value instanceof Date) return { [DATE]: value.getTime() };
  if (value instanceof Uint8Array) return { [BYTES]: toBase64(value) };
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  const members = value as Record<string, unknown>;
  if (typeof members[DATE] === 'number') return new Date(members[DATE]);
  if (typeof members[BYTES] === 'string') return Uint8Array.from(Buffer.from(members[BYTES], 'base64'));
  for (const name of Object.keys(members)) members[name] = fromJson(members[name]);
  return members;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
