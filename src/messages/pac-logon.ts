import { type NdrReader, readSerialized, utf16 } from '../codec/ndr.ts';
import { CodecError } from '../errors.ts';
import { filetimeToDate } from './filetime.ts';
import { readSid } from './sid.ts';

/** A group and the attributes of the membership in it (MS-PAC 2.2.1 and 2.2.2). */
export interface PacGroup {
  readonly sid: string;
  readonly attributes: number;
}

/**
 * KERB_VALIDATION_INFO (MS-PAC 2.5): the account, as its domain's directory describes it. Times that are not set are
 * absent.
 */
export interface PacLogonInfo {
  readonly logonTime: Date | undefined;
  readonly logoffTime: Date | undefined;
  readonly kickOffTime: Date | undefined;
  readonly passwordLastSet: Date | undefined;
  readonly passwordCanChange: Date | undefined;
  readonly passwordMustChange: Date | undefined;
  readonly effectiveName: string;
  readonly fullName: string;
  readonly logonScript: string;
  readonly profilePath: string;
  readonly homeDirectory: string;
  readonly homeDirectoryDrive: string;
  readonly logonCount: number;
  readonly badPasswordCount: number;
  readonly userId: number;
  readonly primaryGroupId: number;
  readonly userFlags: number;
  readonly logonServer: string;
  readonly logonDomainName: string;
  /** The domain's SID. */
  readonly logonDomainId: string;
  readonly userAccountControl: number;
  /** The account's own SID. */
  readonly userSid: string;
  /** The groups of the account's domain, of others, and of the resource's domain, in this order. */
  readonly groups: readonly PacGroup[];
}

interface RelativeGroup {
  readonly id: number;
  readonly attributes: number;
}

/** The value of a member behind a pointer, known once the structure has been read. */
interface Later<T> {
  value: T;
}

/** Decodes the buffer of type 1. Throws CodecError. */
export function decodeLogonInfo(bytes: Uint8Array): PacLogonInfo {
  const info = readSerialized(bytes, readLogonInfo);
  if (info === null) throw new CodecError('no logon information');
  return info();
}

// The targets of pointers come after the structure, so the result can only be put together later.
function readLogonInfo(reader: NdrReader): () => PacLogonInfo {
  const time = (field: string): Date | undefined => filetimeToDate(halves(reader, field));
  const times = {
    logonTime: time('logonTime'),
    logoffTime: time('logoffTime'),
    kickOffTime: time('kickOffTime'),
    passwordLastSet: time('passwordLastSet'),
    passwordCanChange: time('passwordCanChange'),
    passwordMustChange: time('passwordMustChange'),
  };
  const effectiveName = readText(reader, 'effectiveName');
  const fullName = readText(reader, 'fullName');
  const logonScript = readText(reader, 'logonScript');
  const profilePath = readText(reader, 'profilePath');
  const homeDirectory = readText(reader, 'homeDirectory');
  const homeDirectoryDrive = readText(reader, 'homeDirectoryDrive');
  const logonCount = reader.u16('logonCount');
  const badPasswordCount = reader.u16('badPasswordCount');
  const userId = reader.u32('userId');
  const primaryGroupId = reader.u32('primaryGroupId');
  const groupIds = readGroups(reader, 'groupIds');
  const userFlags = reader.u32('userFlags');
  reader.bytes(16, 'userSessionKey');
  const logonServer = readText(reader, 'logonServer');
  const logonDomainName = readText(reader, 'logonDomainName');
  const logonDomainId = readSidPointer(reader, 'logonDomainId');
  reader.u32('reserved1');
  reader.u32('reserved1');
  const userAccountControl = reader.u32('userAccountControl');
  reader.u32('subAuthStatus');
  halves(reader, 'lastSuccessfulILogon');
  halves(reader, 'lastFailedILogon');
  reader.u32('failedILogonCount');
  reader.u32('reserved3');
  const extraSids = readExtraSids(reader, 'extraSids');
  const resourceDomain = readSidPointer(reader, 'resourceGroupDomainSid');
  const resourceGroups = readGroups(reader, 'resourceGroupIds');

  return () => ({
    ...times,
    effectiveName: effectiveName.value,
    fullName: fullName.value,
    logonScript: logonScript.value,
    profilePath: profilePath.value,
    homeDirectory: homeDirectory.value,
    homeDirectoryDrive: homeDirectoryDrive.value,
    logonCount,
    badPasswordCount,
    userId,
    primaryGroupId,
    userFlags,
    logonServer: logonServer.value,
    logonDomainName: logonDomainName.value,
    logonDomainId: logonDomainId.value,
    userAccountControl,
    userSid: `${logonDomainId.value}-${userId}`,
    groups: [
      ...groupIds.value.map(group => absolute(group, logonDomainId.value)),
      ...extraSids.value,
      ...resourceGroups.value.map(group => absolute(group, resourceDomain.value)),
    ],
  });
}

function absolute({ id, attributes }: RelativeGroup, domain: string): PacGroup {
  return { sid: `${domain}-${id}`, attributes };
}

/** A FILETIME consists of two 32-bit numbers and is aligned as such. */
function halves(reader: NdrReader, field: string): bigint {
  const low = BigInt(reader.u32(field));
  return (BigInt(reader.u32(field)) << 32n) | low;
}

/** RPC_UNICODE_STRING: lengths in bytes, and a pointer to the text. */
export function readText(reader: NdrReader, field: string): Later<string> {
  const later: Later<string> = { value: '' };
  const length = reader.u16(field);
  reader.u16(field);
  reader.pointer(field, () => {
    reader.u32(field);
    const offset = reader.u32(field);
    const units = reader.u32(field);
    if (offset !== 0 || units * 2 < length)
      throw new CodecError('a text that is not within its bounds', [field]);
    later.value = utf16(reader.bytes(units * 2, field).subarray(0, length));
  });
  return later;
}

function readGroups(reader: NdrReader, field: string): Later<readonly RelativeGroup[]> {
  const later: Later<readonly RelativeGroup[]> = { value: [] };
  const count = reader.u32(field);
  reader.pointer(field, () => {
    later.value = reader.array(count, field, () => ({
      id: reader.u32(field),
      attributes: reader.u32(field),
    }));
  });
  return later;
}

function readSidPointer(reader: NdrReader, field: string): Later<string> {
  const later: Later<string> = { value: '' };
  reader.pointer(field, () => {
    later.value = readSid(reader);
  });
  return later;
}

/** An array of pointers to SIDs with attributes. */
function readExtraSids(reader: NdrReader, field: string): Later<readonly PacGroup[]> {
  const sids: { sid: Later<string>; attributes: number }[] = [];
  const count = reader.u32(field);
  reader.pointer(field, () => {
    sids.push(
      ...reader.array(count, field, () => ({
        sid: readSidPointer(reader, field),
        attributes: reader.u32(field),
      })),
    );
  });
  return {
    get value() {
      return sids.map(({ sid, attributes }) => ({ sid: sid.value, attributes }));
    },
  };
}
