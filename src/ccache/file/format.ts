import { BinaryReader, BinaryWriter, EndOfDataError } from '../../codec/binary.ts';
import type { Codec } from '../../codec/codec.ts';
import { CcacheError, CodecError } from '../../errors.ts';
import type { Credential } from '../../messages/credential.ts';
import type { CacheContents } from '../ccache.ts';
import {
  type CacheOwner,
  type Common,
  readCredential,
  readPrincipal,
  writeCredential,
  writePrincipal,
} from './credential-format.ts';

/** Far more than any cache has: a ticket with a large PAC has some 64 KiB. */
export const MAX_CACHE_BYTES = 16 << 20;
/** The largest clock offset in milliseconds that fits the header. */
const MAX_OFFSET = 0x7fffffff * 1000;
/** The header tag of the KDC's clock offset. */
const TAG_KDC_OFFSET = 1;

/**
 * The file format of credential caches. Reads versions 1 to 4 and writes 4. A file that ends within a credential yields
 * `truncated: true` and the credentials before, and one with an impossible length `damaged: true` in addition. Throws
 * CodecError, and CcacheError CACHE_VERSION for other versions.
 */
export const CcacheFile: Codec<CacheContents> = { encode, decode };

function decode(bytes: Uint8Array): CacheContents {
  if (bytes.length > MAX_CACHE_BYTES) throw new CodecError(`longer than ${MAX_CACHE_BYTES} bytes`);
  if (bytes.length < 2) throw new CodecError('ends early', ['version']);
  const version = bytes[1]!;
  if (bytes[0] !== 5 || version < 1 || version > 4) {
    throw new CcacheError('CACHE_VERSION', 'Unsupported credentials cache format version number');
  }
  if (version >= 3) return readCache(new BinaryReader(bytes), version);
  // Versions 1 and 2 use the byte order of their writer, most likely little-endian; with the wrong one, the counts make
  // no sense.
  try {
    return readCache(new BinaryReader(bytes, 'little'), version);
  } catch (error) {
    try {
      return readCache(new BinaryReader(bytes, 'big'), version);
    } catch {
      throw error;
    }
  }
}

function readCache(reader: BinaryReader, version: number): CacheContents {
  reader.u16('version');
  const { kdcOffset, ...owner } = readHead(reader, version);
  const { principal } = owner;
  const common: Common = { owner, last: undefined };
  const credentials: Credential[] = [];
  let truncated = false;
  let damaged = false;
  while (reader.remaining() > 0 && !truncated) {
    try {
      const credential = readCredential(reader, String(credentials.length), version, common);
      if (credential === undefined) continue;
      credentials.push(credential);
      common.last = credential;
    } catch (error) {
      if (!(error instanceof EndOfDataError)) throw error;
      truncated = true;
      damaged = error.wanted > reader.bytes.length;
    }
  }
  return { principal, credentials, kdcOffset, ...(truncated && { truncated }), ...(damaged && { damaged }) };
}

/** Reads what is between a cache's version and its credentials. */
export function readHead(
  reader: BinaryReader,
  version: number,
): CacheOwner & Pick<CacheContents, 'kdcOffset'> {
  const kdcOffset = version === 4 ? readHeader(reader) : undefined;
  const start = reader.offset;
  const principal = readPrincipal(reader, 'principal', version);
  return { kdcOffset, principal, bytes: reader.bytes.subarray(start, reader.offset) };
}

/** Returns the KDC's offset in milliseconds, if it is among the header's fields. */
function readHeader(reader: BinaryReader): number | undefined {
  let kdcOffset: number | undefined;
  const header = new BinaryReader(reader.counted16('header'));
  while (header.remaining() > 0) {
    const tag = header.u16('tag');
    const field = new BinaryReader(header.counted16('field'));
    if (tag !== TAG_KDC_OFFSET) continue;
    // A single division of an integer yields the number that was written.
    kdcOffset = (field.i32('seconds') * 1_000_000 + field.i32('microseconds')) / 1000;
    if (field.remaining() > 0) throw new CodecError('bytes left over', ['header', 'kdcOffset']);
  }
  return kdcOffset;
}

function encode(contents: CacheContents): Uint8Array {
  return encodeCache(contents, writeCredential);
}

/** The same, each credential written by `write`. */
export function encodeCache(
  contents: CacheContents,
  write: (writer: BinaryWriter, credential: Credential) => void,
): Uint8Array {
  const writer = new BinaryWriter();
  writer.u16(0x0504);
  writeHeader(writer, contents.kdcOffset);
  writePrincipal(writer, contents.principal);
  for (const credential of contents.credentials) write(writer, credential);
  return writer.finish();
}

function writeHeader(writer: BinaryWriter, kdcOffset: number | undefined): void {
  if (kdcOffset === undefined) {
    writer.u16(0);
    return;
  }
  // The field overflows after 68 years; for a clock that is further off, the exact offset does not matter.
  const microseconds = Math.round(Math.max(-MAX_OFFSET, Math.min(MAX_OFFSET, kdcOffset)) * 1000);
  writer.u16(12);
  writer.u16(TAG_KDC_OFFSET);
  writer.u16(8);
  writer.i32(Math.trunc(microseconds / 1_000_000));
  writer.i32(microseconds % 1_000_000);
}
