import { BinaryReader, type BinaryWriter } from '../../codec/binary.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import type { Credential } from '../../messages/credential.ts';
import type { Principal } from '../../messages/principal.ts';
import { encodeCredential } from '../file/credential-bytes.ts';
import { readCredential, readPrincipal, writePrincipal } from '../file/credential-format.ts';

/** One value on the wire of the KCM protocol. */
export interface Field<T> {
  read(reader: BinaryReader, name: string): T;
  write(writer: BinaryWriter, value: T): void;
}

/** A sequence of fields. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** The values of fields. */
export type ValuesOf<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

export const UUID_BYTES = 16;

export const UInt32: Field<number> = {
  read: (reader, name) => reader.u32(name),
  write: (writer, value) => writer.u32(value),
};

export const Int32: Field<number> = {
  read: (reader, name) => reader.i32(name),
  write: (writer, value) => writer.i32(value),
};

/** Text terminated by NUL, such as the name of a cache without its type. */
export const Text: Field<string> = {
  read(reader, name) {
    const end = reader.bytes.indexOf(0, reader.offset);
    if (end < 0) throw reader.error('has no end', name);
    const bytes = reader.take(end - reader.offset, name);
    reader.take(1, name);
    return bytesToText(bytes);
  },
  write(writer, value) {
    writer.put(textToBytes(value.replaceAll('\0', '')));
    writer.u8(0);
  },
};

export const PrincipalField: Field<Principal> = { read: readPrincipal, write: writePrincipal };

export const CredentialField: Field<Credential> = {
  read(reader, name) {
    const credential = readCredential(reader, name);
    if (credential === undefined) throw reader.error('was removed', name);
    return credential;
  },
  write: (writer, value) => writer.put(encodeCredential(value)),
};

export const Uuid: Field<Uint8Array> = {
  read: (reader, name) => reader.take(UUID_BYTES, name),
  write: (writer, value) => writer.put(value),
};

/** Everything that is left. */
export const Uuids: Field<readonly Uint8Array[]> = {
  read(reader, name) {
    const uuids: Uint8Array[] = [];
    while (reader.remaining() > 0) uuids.push(reader.take(UUID_BYTES, name));
    return uuids;
  },
  write(writer, value) {
    for (const uuid of value) writer.put(uuid);
  },
};

/** A count, and each credential preceded by its length. */
export const Credentials: Field<readonly Credential[]> = {
  read(reader, name) {
    const credentials: Credential[] = [];
    for (let left = reader.u32(name); left > 0; left--) {
      const part = new BinaryReader(reader.counted32(name));
      credentials.push(CredentialField.read(part, name));
      if (part.remaining() > 0) throw reader.error('bytes after a credential', name);
    }
    return credentials;
  },
  write(writer, value) {
    writer.u32(value.length);
    for (const credential of value) writer.counted32(encodeCredential(credential));
  },
};

export function readShape<S extends Shape>(shape: S, reader: BinaryReader): ValuesOf<S> {
  const values: Record<string, unknown> = {};
  for (const name in shape) values[name] = shape[name]!.read(reader, name);
  return values as ValuesOf<S>;
}

export function writeShape<S extends Shape>(shape: S, writer: BinaryWriter, values: ValuesOf<S>): void {
  for (const name in shape) shape[name]!.write(writer, values[name]);
}
