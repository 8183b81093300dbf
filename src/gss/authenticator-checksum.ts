import { CodecError } from '../errors.ts';
import type { ContextFlags } from './context.ts';

/** The type of the "checksum" in which an AP-REQ describes the context that it opens (RFC 4121 §4.1.1). */
export const GSS_CHECKSUM = 0x8003;
export const BINDINGS_BYTES = 16;

const FIXED_BYTES = 24;
const DELEGATION_OPTION = 1;
/** The type of the extension that ends an IAKERB exchange. */
const IAKERB_FINISHED = 1;
const EXTENSION_HEAD = 8;

/** The bits of RFC 2744; the last two are from MS-KILE. */
const BITS: Readonly<Record<keyof ContextFlags, number>> = {
  delegation: 0x1,
  mutual: 0x2,
  replay: 0x4,
  sequence: 0x8,
  confidentiality: 0x10,
  integrity: 0x20,
  anonymous: 0x40,
  dceStyle: 0x1000,
  identify: 0x2000,
};

/** The contents of the authenticator's checksum field (RFC 4121 §4.1.1). */
export interface GssChecksum {
  /** The hash of the channel bindings, or zeros. */
  readonly bindings: Uint8Array;
  readonly flags: ContextFlags;
  /** The KRB-CRED with the delegated credentials. */
  readonly delegation?: Uint8Array | undefined;
  /** The IAKERB-FINISHED. */
  readonly finished?: Uint8Array | undefined;
}

export function encodeGssChecksum({ bindings, flags, delegation, finished }: GssChecksum): Uint8Array {
  const tail = delegation === undefined ? 0 : 4 + delegation.length;
  if (tail > 0xffff + 4) throw new CodecError('longer than 65535 bytes', ['GssChecksum', 'delegation']);
  const extension = finished === undefined ? 0 : EXTENSION_HEAD + finished.length;
  const bytes = new Uint8Array(FIXED_BYTES + tail + extension);
  bytes[0] = BINDINGS_BYTES;
  bytes.set(bindings, 4);
  putUint16(bytes, 20, toBits(flags));
  if (delegation !== undefined) {
    putUint16(bytes, 24, DELEGATION_OPTION);
    putUint16(bytes, 26, delegation.length);
    bytes.set(delegation, 28);
  }
  if (finished !== undefined) {
    const at = FIXED_BYTES + tail;
    // Extensions alone are big-endian.
    bytes[at + 3] = IAKERB_FINISHED;
    bytes[at + 6] = finished.length >>> 8;
    bytes[at + 7] = finished.length;
    bytes.set(finished, at + EXTENSION_HEAD);
  }
  return bytes;
}

/** The inverse of `encodeGssChecksum`; other extensions are ignored. Throws CodecError. */
export function decodeGssChecksum(bytes: Uint8Array): GssChecksum {
  if (bytes.length < FIXED_BYTES) throw bad('ends early');
  if (uint32(bytes, 0) !== BINDINGS_BYTES) throw bad('another length of the bindings');
  const flags = fromBits(uint32(bytes, 20));
  const bindings = bytes.subarray(4, 4 + BINDINGS_BYTES);
  const delegation = flags.delegation ? delegationOf(bytes) : undefined;
  const end = delegation === undefined ? FIXED_BYTES : 28 + delegation.length;
  return { bindings, flags, delegation, finished: bytes.length > end ? finishedOf(bytes, end) : undefined };
}

/** What is no extension is ignored, as by the reference implementation, which appends some to test others. */
function finishedOf(bytes: Uint8Array, start: number): Uint8Array | undefined {
  for (let at = start; at + EXTENSION_HEAD <= bytes.length; ) {
    const begin = at + EXTENSION_HEAD;
    const end = begin + bigEndian32(bytes, at + 4);
    if (end > bytes.length) return undefined;
    if (bigEndian32(bytes, at) === IAKERB_FINISHED) return bytes.subarray(begin, end);
    at = end;
  }
  return undefined;
}

function delegationOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 28) throw bad('ends before the delegation');
  if (uint16(bytes, 24) !== DELEGATION_OPTION) throw bad('another option than delegation');
  const end = 28 + uint16(bytes, 26);
  if (end > bytes.length) throw bad('ends within the delegation');
  return bytes.subarray(28, end);
}

function toBits(flags: ContextFlags): number {
  let bits = 0;
  for (const name in BITS) {
    const flag = name as keyof ContextFlags;
    if (flags[flag]) bits |= BITS[flag];
  }
  return bits;
}

function fromBits(bits: number): ContextFlags {
  return {
    delegation: (bits & BITS.delegation) !== 0,
    mutual: (bits & BITS.mutual) !== 0,
    replay: (bits & BITS.replay) !== 0,
    sequence: (bits & BITS.sequence) !== 0,
    confidentiality: (bits & BITS.confidentiality) !== 0,
    integrity: (bits & BITS.integrity) !== 0,
    anonymous: (bits & BITS.anonymous) !== 0,
    dceStyle: (bits & BITS.dceStyle) !== 0,
    identify: (bits & BITS.identify) !== 0,
  };
}

// Little-endian, without a DataView, for which memory outside the heap would be allocated.

function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function uint32(bytes: Uint8Array, at: number): number {
  return (uint16(bytes, at) | (uint16(bytes, at + 2) << 16)) >>> 0;
}

function bigEndian32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function bad(message: string): CodecError {
  return new CodecError(message, ['GssChecksum']);
}
