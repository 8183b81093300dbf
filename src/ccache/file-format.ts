import { BinaryReader, BinaryWriter, EndOfDataError, fromSeconds, toSeconds } from '../codec/binary.ts';
import type { Codec } from '../codec/codec.ts';
import { bytesToText, textToBytes } from '../codec/text.ts';
import { CcacheError, CodecError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { NT_UNKNOWN } from '../messages/numbers.ts';
import type { Principal } from '../messages/principal.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../messages/types.ts';
import type { CacheContents } from './ccache.ts';

/** No cache comes near it: a ticket with a large PAC is some 64 KiB. */
export const MAX_CACHE_BYTES = 16 << 20;
/** The furthest clock offset in milliseconds that the header can tell. */
const MAX_OFFSET = 0x7fffffff * 1000;
/** The header tag of the KDC's clock offset. */
const TAG_KDC_OFFSET = 1;
/** What MIT overwrites the authtime of a removed credential with; its endtime becomes zero. */
const REMOVED_AUTHTIME = 0xffffffff;

/**
 * The file format of credential caches. Reads versions 1 to 4 and writes 4. A file that breaks off within a credential
 * gives `truncated: true` and what came before. Throws CodecError, and CcacheError CACHE_VERSION for other versions.
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
  // These are in the byte order of their writer, most likely little-endian; in the other the counts make no sense.
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
  const kdcOffset = version === 4 ? readHeader(reader) : undefined;
  const principal = readPrincipal(reader, version, 'principal');
  const credentials: Credential[] = [];
  let truncated = false;
  while (reader.remaining() > 0 && !truncated) {
    try {
      const credential = readCredential(reader, version, String(credentials.length));
      if (credential !== undefined) credentials.push(credential);
    } catch (error) {
      if (!(error instanceof EndOfDataError)) throw error;
      truncated = true;
    }
  }
  return { principal, credentials, kdcOffset, ...(truncated && { truncated }) };
}

/** Returns the KDC's offset in milliseconds, if it is among the header's fields. */
function readHeader(reader: BinaryReader): number | undefined {
  let kdcOffset: number | undefined;
  const header = new BinaryReader(reader.counted16('header'));
  while (header.remaining() > 0) {
    const tag = header.u16('tag');
    const field = new BinaryReader(header.counted16('field'));
    if (tag !== TAG_KDC_OFFSET) continue;
    // One division of a whole number: the same number comes out that went in.
    kdcOffset = (field.i32('seconds') * 1_000_000 + field.i32('microseconds')) / 1000;
    if (field.remaining() > 0) throw new CodecError('bytes left over', ['header', 'kdcOffset']);
  }
  return kdcOffset;
}

function readCredential(reader: BinaryReader, version: number, name: string): Credential | undefined {
  return reader.within(name, () => {
    const client = readPrincipal(reader, version, 'client');
    const server = readPrincipal(reader, version, 'server');
    const key = readKey(reader, version);
    const authtime = reader.u32('authtime');
    const starttime = reader.u32('starttime');
    const endtime = reader.u32('endtime');
    const renewTill = reader.u32('renewTill');
    const isSkey = reader.u8('isSkey') !== 0;
    const flags = reader.u32('flags');
    const addresses = readList(reader, 'addresses', readAddress);
    const authorizationData = readList(reader, 'authorizationData', readAuthorizationData);
    const ticket = reader.counted32('ticket');
    const secondTicket = reader.counted32('secondTicket');
    if (endtime === 0 && authtime === REMOVED_AUTHTIME) return undefined;
    return {
      client,
      server,
      key,
      authtime: fromSeconds(authtime),
      starttime: starttime === 0 ? undefined : fromSeconds(starttime),
      endtime: fromSeconds(endtime),
      renewTill: renewTill === 0 ? undefined : fromSeconds(renewTill),
      flags,
      addresses,
      authorizationData,
      ticket,
      secondTicket,
      isSkey,
    };
  });
}

function readPrincipal(reader: BinaryReader, version: number, name: string): Principal {
  return reader.within(name, () => {
    const nameType = version === 1 ? NT_UNKNOWN : reader.i32('nameType');
    // Version 1 counts the realm.
    const count = reader.u32('count') - (version === 1 ? 1 : 0);
    if (count < 0) throw reader.error('no realm', 'count');
    const realm = bytesToText(reader.counted32('realm'));
    const components: string[] = [];
    for (let i = 0; i < count; i++) components.push(bytesToText(reader.counted32(String(i))));
    return { nameType, components, realm };
  });
}

function readKey(reader: BinaryReader, version: number): EncryptionKey {
  const keytype = reader.i16('keytype');
  // Version 3 has it twice.
  if (version === 3) reader.i16('keytype');
  return { keytype, keyvalue: reader.counted32('keyvalue') };
}

function readAddress(reader: BinaryReader): HostAddress {
  return { addrType: reader.i16('addrType'), address: reader.counted32('address') };
}

function readAuthorizationData(reader: BinaryReader): AuthorizationDataElement {
  return { adType: reader.i16('adType'), adData: reader.counted32('adData') };
}

function readList<T>(reader: BinaryReader, name: string, read: (reader: BinaryReader) => T): T[] {
  return reader.within(name, () => {
    const count = reader.u32('count');
    const list: T[] = [];
    for (let i = 0; i < count; i++) list.push(read(reader));
    return list;
  });
}

function encode(contents: CacheContents): Uint8Array {
  const writer = new BinaryWriter();
  writer.u16(0x0504);
  writeHeader(writer, contents.kdcOffset);
  writePrincipal(writer, contents.principal);
  for (const credential of contents.credentials) writeCredential(writer, credential);
  return writer.finish();
}

function writeHeader(writer: BinaryWriter, kdcOffset: number | undefined): void {
  if (kdcOffset === undefined) {
    writer.u16(0);
    return;
  }
  // The field ends at 68 years; a clock that is further off is no better for being told exactly.
  const microseconds = Math.round(Math.max(-MAX_OFFSET, Math.min(MAX_OFFSET, kdcOffset)) * 1000);
  writer.u16(12);
  writer.u16(TAG_KDC_OFFSET);
  writer.u16(8);
  writer.i32(Math.trunc(microseconds / 1_000_000));
  writer.i32(microseconds % 1_000_000);
}

function writeCredential(writer: BinaryWriter, credential: Credential): void {
  writePrincipal(writer, credential.client);
  writePrincipal(writer, credential.server);
  writer.i16(credential.key.keytype);
  writer.counted32(credential.key.keyvalue);
  writer.u32(toSeconds(credential.authtime));
  writer.u32(credential.starttime === undefined ? 0 : toSeconds(credential.starttime));
  writer.u32(toSeconds(credential.endtime));
  writer.u32(credential.renewTill === undefined ? 0 : toSeconds(credential.renewTill));
  writer.u8(credential.isSkey ? 1 : 0);
  writer.u32(credential.flags >>> 0);
  writer.u32(credential.addresses.length);
  for (const { addrType, address } of credential.addresses) {
    writer.i16(addrType);
    writer.counted32(address);
  }
  writer.u32(credential.authorizationData.length);
  for (const { adType, adData } of credential.authorizationData) {
    writer.i16(adType);
    writer.counted32(adData);
  }
  writer.counted32(credential.ticket);
  writer.counted32(credential.secondTicket);
}

function writePrincipal(writer: BinaryWriter, principal: Principal): void {
  writer.i32(principal.nameType);
  writer.u32(principal.components.length);
  writer.counted32(textToBytes(principal.realm));
  for (const component of principal.components) writer.counted32(textToBytes(component));
}
