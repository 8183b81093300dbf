import { defective } from '../token-errors.ts';

/** How long the header of an RFC 4121 token is. */
export const HEADER = 16;

/** TOK_ID (RFC 4121 §4.2.6). */
export const MIC_TOKEN = 0x0404;
export const WRAP_TOKEN = 0x0504;

// Flags, RFC 4121 §4.2.2.
export const SENT_BY_ACCEPTOR = 0x01;
export const SEALED = 0x02;
export const ACCEPTOR_SUBKEY = 0x04;

const EXTRA_COUNT = 4;
const ROTATION = 6;
const SEQUENCE = 8;

/** The fields of a header, as received. */
export interface CfxHeader {
  readonly flags: number;
  readonly extraCount: number;
  readonly rotation: number;
  readonly sequence: bigint;
}

/** The header of a MIC token (RFC 4121 §4.2.6.1). */
export function micHeader(flags: number, sequence: bigint): Buffer {
  const header = Buffer.alloc(HEADER, 0xff);
  header.writeUInt16BE(MIC_TOKEN);
  header[2] = flags;
  header.writeBigUInt64BE(sequence, SEQUENCE);
  return header;
}

/** The header of a Wrap token that is not rotated (RFC 4121 §4.2.6.2). */
export function wrapHeader(flags: number, extraCount: number, sequence: bigint): Buffer {
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt16BE(WRAP_TOKEN);
  header[2] = flags;
  header[3] = 0xff;
  header.writeUInt16BE(extraCount, EXTRA_COUNT);
  header.writeUInt16BE(0, ROTATION);
  header.writeBigUInt64BE(sequence, SEQUENCE);
  return header;
}

/** Writes the length of the checksum into the header of an unsealed token. */
export function setExtraCount(token: Uint8Array, extraCount: number): void {
  token[EXTRA_COUNT] = extraCount >>> 8;
  token[EXTRA_COUNT + 1] = extraCount;
}

/** Writes into a token's header how far what follows it is rotated. */
export function setRotation(token: Uint8Array, rotation: number): void {
  token[ROTATION] = rotation >>> 8;
  token[ROTATION + 1] = rotation;
}

/** Reads the header of a token; throws DEFECTIVE_TOKEN for a token of another kind. */
export function readHeader(token: Uint8Array, kind: number): CfxHeader {
  if (token.length < HEADER) throw defective('is shorter than its header');
  const view = new DataView(token.buffer, token.byteOffset, HEADER);
  if (view.getUint16(0) !== kind) throw defective('is of another kind');
  const fillers = kind === MIC_TOKEN ? 5 : 1;
  for (let i = 0; i < fillers; i++)
    if (token[3 + i] !== 0xff) throw defective('has no filler where it belongs');
  return {
    flags: token[2]!,
    extraCount: view.getUint16(EXTRA_COUNT),
    rotation: view.getUint16(ROTATION),
    sequence: view.getBigUint64(SEQUENCE),
  };
}

/** The header as the checksum of an unsealed token covers it, with EC and RRC zero (RFC 4121 §4.2.4). */
export function checksummedHeader(token: Uint8Array): Uint8Array {
  return Uint8Array.from(token.subarray(0, HEADER)).fill(0, EXTRA_COUNT, SEQUENCE);
}

/**
 * Whether `copy`, from the sealed part, is the header of `token`. RRC is not compared: the token is rotated after it
 * was sealed.
 */
export function sameHeader(copy: Uint8Array, token: Uint8Array): boolean {
  for (let i = 0; i < HEADER; i++)
    if (copy[i] !== token[i] && i !== ROTATION && i !== ROTATION + 1) return false;
  return true;
}
