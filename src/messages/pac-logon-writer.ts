import { toUtf16 } from '../codec/ndr.ts';
import { type NdrWriter, writeSerialized } from '../codec/ndr-writer.ts';
import { dateToFiletime } from './filetime.ts';
import type { PacGroup, PacLogonInfo } from './pac-logon.ts';
import { writeSid } from './sid.ts';

const NEVER = 0x7fff_ffff_ffff_ffffn;
const SESSION_KEY_BYTES = 16;

/**
 * The inverse of `decodeLogonInfo`: groups of the account's own domain are written by their relative identifiers, all
 * others by their SIDs. Throws CodecError for a malformed SID.
 */
export function encodeLogonInfo(info: PacLogonInfo): Uint8Array {
  return writeSerialized(writer => writeLogonInfo(writer, info));
}

function writeLogonInfo(writer: NdrWriter, info: PacLogonInfo): void {
  const own = info.groups.filter(({ sid }) => domainOf(sid) === info.logonDomainId);
  const others = info.groups.filter(({ sid }) => domainOf(sid) !== info.logonDomainId);
  writeTime(writer, info.logonTime, 0n);
  writeTime(writer, info.logoffTime);
  writeTime(writer, info.kickOffTime);
  writeTime(writer, info.passwordLastSet, 0n);
  writeTime(writer, info.passwordCanChange, 0n);
  writeTime(writer, info.passwordMustChange);
  writeText(writer, info.effectiveName);
  writeText(writer, info.fullName);
  writeText(writer, info.logonScript);
  writeText(writer, info.profilePath);
  writeText(writer, info.homeDirectory);
  writeText(writer, info.homeDirectoryDrive);
  writer.u16(info.logonCount);
  writer.u16(info.badPasswordCount);
  writer.u32(info.userId);
  writer.u32(info.primaryGroupId);
  writeOwnGroups(writer, own);
  writer.u32(info.userFlags);
  writer.bytes(new Uint8Array(SESSION_KEY_BYTES));
  writeText(writer, info.logonServer);
  writeText(writer, info.logonDomainName);
  writer.pointer(() => writeSid(writer, info.logonDomainId));
  writeZeros(writer, 2);
  writer.u32(info.userAccountControl);
  // The status of the logon, its last successes and failures, and reserved fields.
  writeZeros(writer, 7);
  writeOtherGroups(writer, others);
  // There are no groups of a resource's domain.
  writeZeros(writer, 3);
}

function writeOwnGroups(writer: NdrWriter, groups: readonly PacGroup[]): void {
  writeArray(writer, groups, ({ sid, attributes }) => {
    writer.u32(Number(sid.slice(sid.lastIndexOf('-') + 1)));
    writer.u32(attributes);
  });
}

function writeOtherGroups(writer: NdrWriter, groups: readonly PacGroup[]): void {
  writeArray(writer, groups, ({ sid, attributes }) => {
    writer.pointer(() => writeSid(writer, sid));
    writer.u32(attributes);
  });
}

/** A count and a pointer to an array of that length; a null pointer if it is empty. */
function writeArray<T>(writer: NdrWriter, members: readonly T[], write: (member: T) => void): void {
  writer.u32(members.length);
  writer.pointer(members.length === 0 ? undefined : () => writer.array(members, write));
}

function domainOf(sid: string): string {
  return sid.slice(0, sid.lastIndexOf('-'));
}

/** A FILETIME consists of two 32-bit numbers and is aligned as such. */
function writeTime(writer: NdrWriter, time: Date | undefined, unset = NEVER): void {
  const ticks = time === undefined ? unset : dateToFiletime(time);
  writer.u32(Number(ticks & 0xffff_ffffn));
  writer.u32(Number(ticks >> 32n));
}

/** RPC_UNICODE_STRING, as `readText` reads it. */
export function writeText(writer: NdrWriter, text: string): void {
  const units = toUtf16(text);
  writer.u16(units.length);
  writer.u16(units.length);
  writer.pointer(() => {
    writer.u32(units.length / 2);
    writer.u32(0);
    writer.u32(units.length / 2);
    writer.bytes(units);
  });
}

function writeZeros(writer: NdrWriter, count: number): void {
  for (let i = 0; i < count; i++) writer.u32(0);
}
