import { BinaryWriter } from '../codec/binary.ts';
import { toUtf16 } from '../codec/ndr.ts';
import { dateToFiletime } from './filetime.ts';
import type { Pac, PacBuffer, PacUpnDnsInfo } from './pac.ts';
import { encodeSid } from './sid.ts';

const HEADER_BYTES = 8;
const ENTRY_BYTES = 16;
/** Buffers begin at multiples of this (MS-PAC 2.4). */
const ALIGNMENT = 8;

/** A buffer that has no offset yet. */
export type PacPart = Pick<PacBuffer, 'type' | 'data'>;

/** Assembles a PAC (MS-PAC 2.3) and tells the offset of each buffer: the inverse of `splitPac`. */
export function joinPac(parts: readonly PacPart[]): {
  readonly bytes: Uint8Array;
  readonly buffers: readonly PacBuffer[];
} {
  let end = HEADER_BYTES + parts.length * ENTRY_BYTES;
  const offsets = parts.map(({ data }) => {
    const offset = aligned(end);
    end = offset + data.length;
    return offset;
  });
  const bytes = new Uint8Array(aligned(end));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, parts.length, true);
  const buffers = parts.map(({ type, data }, i) => {
    const entry = HEADER_BYTES + i * ENTRY_BYTES;
    const offset = offsets[i]!;
    view.setUint32(entry, type, true);
    view.setUint32(entry + 4, data.length, true);
    view.setUint32(entry + 8, offset, true);
    bytes.set(data, offset);
    return { type, offset, data: bytes.subarray(offset, offset + data.length) };
  });
  return { bytes, buffers };
}

/** PAC_SIGNATURE_DATA (MS-PAC 2.8) with zeros in place of the checksum, which has `checksumBytes` bytes. */
export function blankSignature(cksumtype: number, checksumBytes: number): Uint8Array {
  const data = new Uint8Array(4 + checksumBytes);
  new DataView(data.buffer).setInt32(0, cksumtype, true);
  return data;
}

/** PAC_CLIENT_INFO (MS-PAC 2.7). */
export function encodeClientInfo(name: string, authtime: Date): Uint8Array {
  const units = toUtf16(name);
  const data = new Uint8Array(10 + units.length);
  // Making a view of such a short array would move it out of the heap.
  clientInfo ??= new DataView(new ArrayBuffer(10));
  clientInfo.setBigUint64(0, dateToFiletime(authtime), true);
  clientInfo.setUint16(8, units.length, true);
  for (let i = 0; i < 10; i++) data[i] = clientInfo.getUint8(i);
  data.set(units, 10);
  return data;
}

let clientInfo: DataView | undefined;

/** PAC_ATTRIBUTES_INFO (MS-PAC 2.14). */
export function encodeAttributes({ requested, implicit }: NonNullable<Pac['attributes']>): Uint8Array {
  const output = new BinaryWriter('little');
  output.u32(2);
  output.u32((requested ? 1 : 0) | (implicit ? 2 : 0));
  return output.finish();
}

/** UPN_DNS_INFO (MS-PAC 2.10). Throws CodecError for a malformed SID. */
export function encodeUpnDnsInfo(info: PacUpnDnsInfo): Uint8Array {
  const { upn, dnsDomainName, constructed, samName, sid } = info;
  const parts = [toUtf16(upn), toUtf16(dnsDomainName)];
  const extended = samName !== undefined && sid !== undefined;
  if (extended) parts.push(toUtf16(samName), encodeSid(sid));
  let end = extended ? 20 : 12;
  const offsets = parts.map(part => {
    const offset = aligned(end);
    end = offset + part.length;
    return offset;
  });
  const data = new Uint8Array(aligned(end));
  const view = new DataView(data.buffer);
  parts.forEach((part, i) => {
    // The flags are between the first two fields and the others.
    const field = 4 * i + (i < 2 ? 0 : 4);
    view.setUint16(field, part.length, true);
    view.setUint16(field + 2, offsets[i]!, true);
    data.set(part, offsets[i]!);
  });
  view.setUint32(8, (constructed ? 1 : 0) | (extended ? 2 : 0), true);
  return data;
}

function aligned(offset: number): number {
  return (offset + ALIGNMENT - 1) & -ALIGNMENT;
}
