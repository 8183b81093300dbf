import { BinaryReader, BinaryWriter } from '../../codec/binary.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { CcacheError, CodecError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { readCredential, readPrincipal, writeCredential, writePrincipal } from '../file/credential-format.ts';

// The payloads and descriptions of the keys in a collection.

/** The key with the name of the primary cache. */
export const PRIMARY_KEY = 'krb_ccache:primary';
/** The key with the principal of a cache. */
export const PRINCIPAL_KEY = '__krb5_princ__';
/** The key with the offset of the KDC's clock. */
export const OFFSETS_KEY = '__krb5_time_offsets__';
/**
 * The types of a credential's key, the better one first, which has more room and counts less against the user's quota.
 */
export const CREDENTIAL_TYPES: readonly string[] = ['big_key', 'user'];

const COLLECTION_VERSION = 1;
/** The largest clock offset in milliseconds that fits the key. */
const MAX_OFFSET = 0x7fffffff * 1000;

/** The name of the primary cache. Throws CcacheError CACHE_VERSION or CACHE_FORMAT. */
export function decodePrimary(payload: Uint8Array): string {
  return decoding('End of credential cache reached', () => {
    const reader = new BinaryReader(payload);
    const version = reader.u32('version');
    const name = bytesToText(reader.counted32('name'));
    if (version === COLLECTION_VERSION) return name;
    throw new CcacheError('CACHE_VERSION', 'Unknown keyring collection version', 'KEYRING:');
  });
}

export function encodePrimary(name: string): Uint8Array {
  return encoding(writer => {
    writer.u32(COLLECTION_VERSION);
    writer.counted32(textToBytes(name));
  });
}

/** Throws CcacheError CACHE_FORMAT. */
export function decodePrincipal(payload: Uint8Array): Principal {
  return decoding(BAD_FORMAT, () => readPrincipal(new BinaryReader(payload), 'principal'));
}

export function encodePrincipal(principal: Principal): Uint8Array {
  return encoding(writer => writePrincipal(writer, principal));
}

/** In milliseconds. Throws CcacheError CACHE_FORMAT. */
export function decodeOffset(payload: Uint8Array): number {
  return decoding(BAD_FORMAT, () => {
    const reader = new BinaryReader(payload);
    return (reader.i32('seconds') * 1_000_000 + reader.i32('microseconds')) / 1000;
  });
}

export function encodeOffset(kdcOffset: number): Uint8Array {
  const microseconds = Math.round(Math.max(-MAX_OFFSET, Math.min(MAX_OFFSET, kdcOffset)) * 1000);
  return encoding(writer => {
    writer.i32(Math.trunc(microseconds / 1_000_000));
    writer.i32(microseconds % 1_000_000);
  });
}

/** Undefined for one that was removed in place. Throws CcacheError CACHE_FORMAT. */
export function decodeCredential(payload: Uint8Array): Credential | undefined {
  return decoding(BAD_FORMAT, () => readCredential(new BinaryReader(payload), 'credential'));
}

export function encodeCredential(credential: Credential): Uint8Array {
  return encoding(writer => writeCredential(writer, credential));
}

/**
 * The description of a credential's key: the server, followed by a number if that is taken. The native library uses
 * only the server and so keeps one ticket for each, but it reads any.
 */
export function credentialKeyName({ server }: Credential, taken: ReadonlySet<string>): string {
  const name = formatPrincipal(server);
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) {
    const numbered = `${name}#${number}`;
    if (!taken.has(numbered)) return numbered;
  }
}

/** Whether a key is named after the server `name`, perhaps with a number. */
export function isKeyNameOf(keyName: string, name: string): boolean {
  return keyName.startsWith(name) && /^(?:#\d+)?$/.test(keyName.slice(name.length));
}

/** A payload from the output of `keyctl print`: printable text as it is, anything else in hexadecimal. */
export function parsePrinted(printed: string): Uint8Array {
  const text = printed.replace(/\n$/, '');
  return text.startsWith(HEX) ? Buffer.from(text.slice(HEX.length), 'hex') : textToBytes(text);
}

const HEX = ':hex:';
const BAD_FORMAT = 'Bad format in credentials cache';

function decoding<T>(sentence: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new CcacheError('CACHE_FORMAT', sentence, 'KEYRING:', { cause: error });
  }
}

function encoding(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** The keyring of the user's persistent collection. */
export const PERSISTENT_RING = '_krb';

/** The keyring of a collection that has a name. */
export function collectionRing(collection: string): string {
  return `${PERSISTENT_RING}_${collection}`;
}
