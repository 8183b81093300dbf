import { BinaryReader } from '../codec/binary.ts';
import { utf16 } from '../codec/ndr.ts';
import { CodecError } from '../errors.ts';
import { filetimeToDate } from './filetime.ts';
import { decodeClaims, type PacClaim } from './pac-claims.ts';
import { decodeDelegationInfo, type PacDelegationInfo } from './pac-delegation.ts';
import { decodeLogonInfo, type PacLogonInfo } from './pac-logon.ts';
import { decodeSid } from './sid.ts';

// The types of a PAC's buffers, MS-PAC 2.4.
export const PAC_LOGON_INFO = 1;
export const PAC_CREDENTIALS_INFO = 2;
export const PAC_SERVER_CHECKSUM = 6;
export const PAC_PRIVSVR_CHECKSUM = 7;
export const PAC_CLIENT_INFO = 10;
export const PAC_DELEGATION_INFO = 11;
export const PAC_UPN_DNS_INFO = 12;
export const PAC_CLIENT_CLAIMS = 13;
export const PAC_DEVICE_INFO = 14;
export const PAC_DEVICE_CLAIMS = 15;
export const PAC_TICKET_CHECKSUM = 16;
export const PAC_ATTRIBUTES_INFO = 17;
export const PAC_REQUESTOR = 18;
export const PAC_FULL_CHECKSUM = 19;

/** One buffer of a PAC; `offset` is its position in the PAC. */
export interface PacBuffer {
  readonly type: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** PAC_SIGNATURE_DATA (MS-PAC 2.8). */
export interface PacSignature {
  readonly cksumtype: number;
  readonly checksum: Uint8Array;
}

/** UPN_DNS_INFO (MS-PAC 2.10). */
export interface PacUpnDnsInfo {
  readonly upn: string;
  readonly dnsDomainName: string;
  /** Whether the UPN was constructed because the account has none. */
  readonly constructed: boolean;
  readonly samName?: string | undefined;
  readonly sid?: string | undefined;
}

/** The contents of a PAC (MS-PAC); members whose buffer is missing are absent. */
export interface Pac {
  readonly buffers: readonly PacBuffer[];
  readonly logonInfo?: PacLogonInfo | undefined;
  /** The name of the ticket's client, and when it was authenticated. */
  readonly clientInfo?: { readonly name: string; readonly authtime: Date | undefined } | undefined;
  readonly upnDnsInfo?: PacUpnDnsInfo | undefined;
  readonly delegationInfo?: PacDelegationInfo | undefined;
  readonly clientClaims?: readonly PacClaim[] | undefined;
  readonly deviceClaims?: readonly PacClaim[] | undefined;
  /** Whether the client asked for a PAC, or got it without asking (MS-PAC 2.14). */
  readonly attributes?: { readonly requested: boolean; readonly implicit: boolean } | undefined;
  /** The SID of the account that the ticket was issued to. */
  readonly requestor?: string | undefined;
}

const MAX_BUFFERS = 64;
const HEADER_BYTES = 8;
const ENTRY_BYTES = 16;

/** Decodes a PAC; its contents cannot be trusted until `verifyPac` has verified it. Throws CodecError. */
export function decodePac(bytes: Uint8Array): Pac {
  const buffers = splitPac(bytes);
  const read = <T>(type: number, name: string, decode: (data: Uint8Array) => T): T | undefined => {
    const buffer = buffers.find(buffer => buffer.type === type);
    if (buffer === undefined) return undefined;
    try {
      return decode(buffer.data);
    } catch (error) {
      throw error instanceof CodecError
        ? new CodecError(error.message, ['Pac', name], { cause: error })
        : error;
    }
  };
  return {
    buffers,
    logonInfo: read(PAC_LOGON_INFO, 'logonInfo', decodeLogonInfo),
    clientInfo: read(PAC_CLIENT_INFO, 'clientInfo', decodeClientInfo),
    upnDnsInfo: read(PAC_UPN_DNS_INFO, 'upnDnsInfo', decodeUpnDnsInfo),
    delegationInfo: read(PAC_DELEGATION_INFO, 'delegationInfo', decodeDelegationInfo),
    clientClaims: read(PAC_CLIENT_CLAIMS, 'clientClaims', decodeClaims),
    deviceClaims: read(PAC_DEVICE_CLAIMS, 'deviceClaims', decodeClaims),
    attributes: read(PAC_ATTRIBUTES_INFO, 'attributes', decodeAttributes),
    requestor: read(PAC_REQUESTOR, 'requestor', decodeSid),
  };
}

/** The buffers of a PAC (MS-PAC 2.3). Throws CodecError, also if two have the same type. */
export function splitPac(bytes: Uint8Array): readonly PacBuffer[] {
  const reader = new BinaryReader(bytes, 'little');
  const count = reader.u32('count');
  if (count > MAX_BUFFERS || reader.u32('version') !== 0) throw reader.error('not a PAC', 'count');
  const end = HEADER_BYTES + count * ENTRY_BYTES;
  const buffers: PacBuffer[] = [];
  for (let i = 0; i < count; i++) {
    const type = reader.u32('type');
    const size = reader.u32('size');
    const offset = reader.u32('offset');
    const high = reader.u32('offset');
    if (high !== 0 || offset < end || offset + size > bytes.length)
      throw reader.error('outside of the PAC', 'offset');
    if (buffers.some(buffer => buffer.type === type))
      throw reader.error(`two buffers of type ${type}`, 'type');
    buffers.push({ type, offset, data: bytes.subarray(offset, offset + size) });
  }
  return buffers;
}

/** Decodes a signature, whose length depends on its type. */
export function decodePacSignature(
  data: Uint8Array,
  checksumBytes: (cksumtype: number) => number,
): PacSignature {
  const reader = new BinaryReader(data, 'little');
  const cksumtype = reader.i32('signatureType');
  return { cksumtype, checksum: reader.take(checksumBytes(cksumtype), 'signature') };
}

function decodeClientInfo(data: Uint8Array): NonNullable<Pac['clientInfo']> {
  const reader = new BinaryReader(data, 'little');
  const low = BigInt(reader.u32('clientId'));
  const authtime = filetimeToDate((BigInt(reader.u32('clientId')) << 32n) | low);
  return { authtime, name: utf16(reader.take(reader.u16('nameLength'), 'name')) };
}

function decodeUpnDnsInfo(data: Uint8Array): PacUpnDnsInfo {
  const reader = new BinaryReader(data, 'little');
  const part = (field: string): Uint8Array => {
    const length = reader.u16(field);
    const offset = reader.u16(field);
    if (offset + length > data.length) throw reader.error('outside of its buffer', field);
    return data.subarray(offset, offset + length);
  };
  const upn = utf16(part('upn'));
  const dnsDomainName = utf16(part('dnsDomainName'));
  const flags = reader.u32('flags');
  const common = { upn, dnsDomainName, constructed: (flags & 1) !== 0 };
  if ((flags & 2) === 0) return common;
  return { ...common, samName: utf16(part('samName')), sid: decodeSid(part('sid')) };
}

function decodeAttributes(data: Uint8Array): NonNullable<Pac['attributes']> {
  const reader = new BinaryReader(data, 'little');
  reader.u32('flagsLength');
  const flags = reader.u32('flags');
  return { requested: (flags & 1) !== 0, implicit: (flags & 2) !== 0 };
}
