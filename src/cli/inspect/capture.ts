import { BinaryReader, type ByteOrder } from '../../codec/binary.ts';
import { CodecError } from '../../errors.ts';

/** A packet of a capture. */
export interface CapturedPacket {
  readonly time: Date | undefined;
  /** What the packet begins with, by the numbers of libpcap. */
  readonly linkType: number;
  readonly data: Uint8Array;
}

/** The first four bytes of a classic capture, as a big-endian number, and what they tell. */
const CLASSIC: Readonly<Record<number, { readonly order: ByteOrder; readonly perSecond: number }>> = {
  2712847316: { order: 'big', perSecond: 1e6 },
  3569595041: { order: 'little', perSecond: 1e6 },
  2712812621: { order: 'big', perSecond: 1e9 },
  1295823521: { order: 'little', perSecond: 1e9 },
};

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const TIME_RESOLUTION = 9;
const MAX_INTERFACES = 1000;

/** Whether a file is a capture, of either format. */
export function isCapture(bytes: Uint8Array): boolean {
  if (bytes.length < 24) return false;
  const magic = magicOf(bytes);
  return magic === SECTION_HEADER || CLASSIC[magic] !== undefined;
}

/** The packets of a capture, as far as it can be read. */
export function* readCapture(bytes: Uint8Array): Iterable<CapturedPacket> {
  try {
    yield* magicOf(bytes) === SECTION_HEADER ? readBlocks(bytes) : readClassic(bytes);
  } catch (error) {
    // Captures break off where whoever made them was stopped.
    if (!(error instanceof CodecError)) throw error;
  }
}

function magicOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function* readClassic(bytes: Uint8Array): Iterable<CapturedPacket> {
  const { order, perSecond } = CLASSIC[magicOf(bytes)]!;
  const reader = new BinaryReader(bytes, order);
  reader.take(20, 'header');
  const linkType = reader.u32('linkType') & 0xffff;
  while (reader.remaining() > 0) {
    const seconds = reader.u32('seconds');
    const time = new Date(seconds * 1000 + Math.floor((reader.u32('fraction') * 1000) / perSecond));
    const length = reader.u32('length');
    reader.u32('originalLength');
    yield { time, linkType, data: reader.take(length, 'packet') };
  }
}

interface Interface {
  readonly linkType: number;
  /** Units of a timestamp in a second. */
  readonly perSecond: number;
}

/** The newer format: blocks, each in the byte order of its section. */
function* readBlocks(bytes: Uint8Array): Iterable<CapturedPacket> {
  let order: ByteOrder = 'big';
  let interfaces: Interface[] = [];
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    if (new BinaryReader(rest).u32('type') === SECTION_HEADER) {
      order = orderOf(rest);
      interfaces = [];
    }
    const reader = new BinaryReader(rest, order);
    const type = reader.u32('type');
    const length = reader.u32('length');
    if (length < 12 || length % 4 !== 0) throw reader.error('no length of a block', 'length');
    const body = new BinaryReader(reader.take(length - 12, 'body'), order);
    if (type === INTERFACE && interfaces.length < MAX_INTERFACES) interfaces.push(readInterface(body));
    if (type === ENHANCED_PACKET) yield readPacket(body, interfaces);
    if (type === SIMPLE_PACKET) yield readSimplePacket(body, interfaces);
    at += length;
  }
}

function orderOf(section: Uint8Array): ByteOrder {
  const reader = new BinaryReader(section);
  reader.take(8, 'header');
  return reader.u32('byteOrder') === BYTE_ORDER_MAGIC ? 'big' : 'little';
}

function readInterface(body: BinaryReader): Interface {
  const linkType = body.u16('linkType');
  body.take(6, 'snapLength');
  let perSecond = 1e6;
  while (body.remaining() >= 4) {
    const code = body.u16('option');
    const length = body.u16('option');
    if (code === 0) break;
    const value = body.take(Math.min(Math.ceil(length / 4) * 4, body.remaining()), 'option');
    const resolution = value[0] ?? 6;
    if (code === TIME_RESOLUTION) {
      perSecond = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
    }
  }
  return { linkType, perSecond };
}

function readPacket(body: BinaryReader, interfaces: readonly Interface[]): CapturedPacket {
  const { linkType, perSecond } = interfaceOf(body, interfaces, body.u32('interface'));
  const ticks = body.u32('timestamp') * 0x100000000 + body.u32('timestamp');
  const length = body.u32('length');
  body.u32('originalLength');
  const time = new Date(Math.floor((ticks / perSecond) * 1000));
  return { time, linkType, data: body.take(length, 'packet') };
}

function readSimplePacket(body: BinaryReader, interfaces: readonly Interface[]): CapturedPacket {
  const { linkType } = interfaceOf(body, interfaces, 0);
  const length = Math.min(body.u32('originalLength'), body.remaining());
  return { time: undefined, linkType, data: body.take(length, 'packet') };
}

function interfaceOf(body: BinaryReader, interfaces: readonly Interface[], number: number): Interface {
  const found = interfaces[number];
  if (found === undefined) throw body.error('unknown', 'interface');
  return found;
}
