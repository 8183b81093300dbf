import { type BinaryReader, type BinaryWriter, fromSeconds, toSeconds } from '../../codec/binary.ts';
import { textToBytes } from '../../codec/text.ts';
import type { Credential } from '../../messages/credential.ts';
import { NT_UNKNOWN } from '../../messages/numbers.ts';
import type { Principal } from '../../messages/principal.ts';
import type { AuthorizationDataElement, EncryptionKey, HostAddress } from '../../messages/types.ts';

// The parts of credentials as in cache files, and in the KCM protocol, which uses version 4.

/** MIT marks a removed credential by this authtime and an endtime of zero. */
const REMOVED_AUTHTIME = 0xffffffff;
const VERSION = 4;

/** When a ticket was made and until when it may be used. */
export type CredentialTimes = Pick<Credential, 'authtime' | 'starttime' | 'endtime' | 'renewTill'>;

/** A cache's principal, and its encoding. */
export interface CacheOwner {
  readonly principal: Principal;
  readonly bytes: Uint8Array;
}

/** What the credentials of a cache usually have in common; stored once, it takes no memory in each of them. */
export interface Common {
  readonly owner: CacheOwner;
  /** The previous credential. */
  last: Credential | undefined;
}

/** Reads a credential; undefined for one that was removed in place. */
export function readCredential(
  reader: BinaryReader,
  name: string,
  version = VERSION,
  common?: Common,
): Credential | undefined {
  reader.enter(name);
  const client = readOwner(reader, common) ?? readPrincipal(reader, 'client', version);
  const server = readPrincipal(reader, 'server', version);
  const key = readKey(reader, version);
  const { authtime, starttime, endtime, renewTill } = readTimes(reader, common?.last);
  const isSkey = reader.u8('isSkey') !== 0;
  const flags = reader.u32('flags');
  const addresses = readAddresses(reader);
  const authorizationData = readAuthorizationData(reader);
  const ticket = reader.counted32('ticket');
  const secondTicket = reader.counted32('secondTicket');
  reader.leave();
  const credential = {
    client,
    server,
    key,
    authtime,
    starttime,
    endtime,
    renewTill,
    flags,
    addresses,
    authorizationData,
    ticket,
    secondTicket,
    isSkey,
  };
  return isRemoved(credential) ? undefined : credential;
}

/** Whether a credential was removed in place. */
export function isRemoved(times: CredentialTimes): boolean {
  return times.endtime.getTime() === 0 && toSeconds(times.authtime) === REMOVED_AUTHTIME;
}

/** Undefined if another principal comes. */
function readOwner(reader: BinaryReader, common: Common | undefined): Principal | undefined {
  if (common === undefined || !isAhead(common.owner.bytes, reader)) return undefined;
  reader.offset += common.owner.bytes.length;
  return common.owner.principal;
}

function isAhead(bytes: Uint8Array, { bytes: all, offset }: BinaryReader): boolean {
  for (let i = bytes.length - 1; i >= 0; i--) if (bytes[i] !== all[offset + i]) return false;
  return true;
}

export function readPrincipal(reader: BinaryReader, name: string, version = VERSION): Principal {
  reader.enter(name);
  const nameType = version === 1 ? NT_UNKNOWN : reader.i32('nameType');
  // Version 1 counts the realm.
  const count = reader.u32('count') - (version === 1 ? 1 : 0);
  if (count < 0) throw reader.error('no realm', 'count');
  const realm = reader.text32('realm');
  // Nearly all have two, and an array that grows reserves room for many.
  const components = count === 2 ? [reader.text32('0'), reader.text32('1')] : [];
  while (components.length < count) components.push(reader.text32(String(components.length)));
  reader.leave();
  return { nameType, components, realm };
}

export function readKey(reader: BinaryReader, version = VERSION): EncryptionKey {
  const keytype = reader.i16('keytype');
  // Version 3 has it twice.
  if (version === 3) reader.i16('keytype');
  return { keytype, keyvalue: reader.counted32('keyvalue') };
}

export function readTimes(reader: BinaryReader, last?: CredentialTimes): CredentialTimes {
  const authtime = reader.u32('authtime');
  const starttime = reader.u32('starttime');
  const endtime = reader.u32('endtime');
  const renewTill = reader.u32('renewTill');
  return {
    authtime: dateOf(authtime, last?.authtime),
    starttime: starttime === 0 ? undefined : dateOf(starttime, last?.starttime),
    endtime: dateOf(endtime, last?.endtime),
    renewTill: renewTill === 0 ? undefined : dateOf(renewTill, last?.renewTill),
  };
}

function dateOf(seconds: number, last: Date | undefined): Date {
  return last !== undefined && last.getTime() === seconds * 1000 ? last : fromSeconds(seconds);
}

export function readAddresses(reader: BinaryReader): HostAddress[] {
  return readList(reader, 'addresses', readAddress);
}

function readAddress(reader: BinaryReader): HostAddress {
  return { addrType: reader.i16('addrType'), address: reader.counted32('address') };
}

export function readAuthorizationData(reader: BinaryReader): AuthorizationDataElement[] {
  return readList(reader, 'authorizationData', readElement);
}

function readElement(reader: BinaryReader): AuthorizationDataElement {
  return { adType: reader.i16('adType'), adData: reader.counted32('adData') };
}

/** Each element has at least six bytes, so the length of the input limits their number. */
function readList<T>(reader: BinaryReader, name: string, read: (reader: BinaryReader) => T): T[] {
  reader.enter(name);
  const list: T[] = [];
  for (let left = reader.u32('count'); left > 0; left--) list.push(read(reader));
  reader.leave();
  return list;
}

export function writeCredential(writer: BinaryWriter, credential: Credential): void {
  writePrincipal(writer, credential.client);
  writePrincipal(writer, credential.server);
  writeKey(writer, credential.key);
  writeTimes(writer, credential);
  writer.u8(credential.isSkey ? 1 : 0);
  writer.u32(credential.flags >>> 0);
  writeAddresses(writer, credential.addresses);
  writeAuthorizationData(writer, credential.authorizationData);
  writer.counted32(credential.ticket);
  writer.counted32(credential.secondTicket);
}

export function writePrincipal(writer: BinaryWriter, principal: Principal): void {
  writer.i32(principal.nameType);
  writer.u32(principal.components.length);
  writer.counted32(textToBytes(principal.realm));
  for (const component of principal.components) writer.counted32(textToBytes(component));
}

export function writeKey(writer: BinaryWriter, key: EncryptionKey): void {
  writer.i16(key.keytype);
  writer.counted32(key.keyvalue);
}

export function writeTimes(writer: BinaryWriter, times: CredentialTimes): void {
  writer.u32(toSeconds(times.authtime));
  writer.u32(times.starttime === undefined ? 0 : toSeconds(times.starttime));
  writer.u32(toSeconds(times.endtime));
  writer.u32(times.renewTill === undefined ? 0 : toSeconds(times.renewTill));
}

export function writeAddresses(writer: BinaryWriter, addresses: readonly HostAddress[]): void {
  writer.u32(addresses.length);
  for (const { addrType, address } of addresses) {
    writer.i16(addrType);
    writer.counted32(address);
  }
}

export function writeAuthorizationData(
  writer: BinaryWriter,
  elements: readonly AuthorizationDataElement[],
): void {
  writer.u32(elements.length);
  for (const { adType, adData } of elements) {
    writer.i16(adType);
    writer.counted32(adData);
  }
}
