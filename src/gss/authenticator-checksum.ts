import { CodecError } from '../errors.ts';
import type { ContextFlags } from './context.ts';

/** The type of the "checksum" by which an AP-REQ tells what its context is for (RFC 4121 §4.1.1). */
export const GSS_CHECKSUM = 0x8003;
export const BINDINGS_BYTES = 16;

const FIXED_BYTES = 24;
const DELEGATION_OPTION = 1;

/** RFC 2744's bits; the last two are those of MS-KILE. */
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

/** What the authenticator's checksum field says (RFC 4121 §4.1.1). */
export interface GssChecksum {
  /** The hash of the channel bindings, or zeros. */
  readonly bindings: Uint8Array;
  readonly flags: ContextFlags;
  /** The KRB-CRED of what is delegated. */
  readonly delegation?: Uint8Array | undefined;
}

export function encodeGssChecksum({ bindings, flags, delegation }: GssChecksum): Uint8Array {
  const tail = delegation === undefined ? 0 : 4 + delegation.length;
  if (tail > 0xffff + 4) throw new CodecError('longer than 65535 bytes', ['GssChecksum', 'delegation']);
  const bytes = new Uint8Array(FIXED_BYTES + tail);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BINDINGS_BYTES, true);
  bytes.set(bindings, 4);
  view.setUint32(20, toBits(flags), true);
  if (delegation !== undefined) {
    view.setUint16(24, DELEGATION_OPTION, true);
    view.setUint16(26, delegation.length, true);
    bytes.set(delegation, 28);
  }
  return bytes;
}

/** The inverse; what follows are extensions, and passed over. Throws CodecError. */
export function decodeGssChecksum(bytes: Uint8Array): GssChecksum {
  if (bytes.length < FIXED_BYTES) throw bad('ends early');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== BINDINGS_BYTES) throw bad('another length of the bindings');
  const flags = fromBits(view.getUint32(20, true));
  const bindings = bytes.subarray(4, 4 + BINDINGS_BYTES);
  return { bindings, flags, delegation: flags.delegation ? delegationOf(bytes, view) : undefined };
}

function delegationOf(bytes: Uint8Array, view: DataView): Uint8Array {
  if (bytes.length < 28) throw bad('ends before the delegation');
  if (view.getUint16(24, true) !== DELEGATION_OPTION) throw bad('another option than delegation');
  const end = 28 + view.getUint16(26, true);
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

function bad(message: string): CodecError {
  return new CodecError(message, ['GssChecksum']);
}
