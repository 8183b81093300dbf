import { importKey } from '../crypto/key.ts';
import type { Principal } from '../messages/principal.ts';
import type { PrincipalEntry } from './database.ts';
import { KeyVersion, type OpenKeys, type PasswordOrigin } from './key-version.ts';

/** A principal as it is sealed, in JSON. What an entry has besides is kept under its own names, whatever it is. */
interface StoredEntry extends Omit<PrincipalEntry, 'principal' | 'keys'> {
  readonly principal: Principal;
  readonly keys: readonly StoredKeys[];
}

interface StoredKeys {
  readonly kvno: number;
  readonly origin?: PasswordOrigin | undefined;
  /** Enctype and bytes. */
  readonly rows: readonly (readonly [number, Uint8Array])[];
}

/** The bytes of an entry, in the clear. */
export function encodeEntry(entry: PrincipalEntry): Uint8Array {
  const keys = entry.keys.map(version => ({
    kvno: version.kvno,
    origin: version.origin,
    rows: version.rows().map(({ etype, bytes }) => [etype, bytes] as const),
  }));
  return encodeValue({ ...entry, keys } satisfies StoredEntry);
}

/** The inverse; the keys are opened in `pool`. */
export function decodeEntry(bytes: Uint8Array, pool: OpenKeys): PrincipalEntry {
  const stored = decodeValue<StoredEntry>(bytes);
  const keys = stored.keys.map(
    ({ kvno, rows, origin }) =>
      new KeyVersion(
        kvno,
        rows.map(([etype, key]) => importKey(etype, key)),
        pool,
        origin,
      ),
  );
  return { ...stored, keys };
}

/** JSON of what has dates and bytes in it. */
export function encodeValue(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(toJson(value)));
}

/** The inverse; the bytes were sealed, so that they are what `encodeValue` made. */
export function decodeValue<T>(bytes: Uint8Array): T {
  return fromJson(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())) as T;
}

const DATE = '$date';
const BYTES = '$bytes';

function toJson(value: unknown): unknown {
  if (value instanceof Date) return { [DATE]: value.getTime() };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') };
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
