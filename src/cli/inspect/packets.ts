import { BinaryReader } from '../../codec/binary.ts';
import { CodecError } from '../../errors.ts';
import type { CapturedPacket } from './capture.ts';

/** What UDP or TCP carried from one end to the other. */
export interface Segment {
  readonly protocol: 'udp' | 'tcp';
  /** `ADDRESS:PORT`. */
  readonly from: string;
  readonly to: string;
  readonly data: Uint8Array;
  /** Of TCP: the number of the first byte, and whether the stream begins with it. */
  readonly sequence: number;
  readonly first: boolean;
}

/** A packet of IP. */
interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly data: Uint8Array;
}

interface Piece {
  readonly offset: number;
  readonly more: boolean;
  readonly data: Uint8Array;
}

const TCP = 6;
const UDP = 17;
const IPV6_FRAGMENT = 44;
/** Hop-by-hop options, routing, destination options. */
const IPV6_OPTIONS: readonly number[] = [0, 43, 60];
/** Datagrams in pieces at one time, and pieces of one. */
const MAX_PENDING = 256;
const MAX_PIECES = 64;
const MAX_DATAGRAM = 65_535;

/** Puts packets together again: gives a segment wherever one is complete. */
export class PacketReader {
  private readonly pieces = new Map<string, Piece[]>();

  /** Undefined for what is neither UDP nor TCP, or not whole. */
  read({ linkType, data }: CapturedPacket): Segment | undefined {
    try {
      const packet = networkPacket(linkType, data);
      const datagram = packet && this.datagramIn(packet);
      return datagram && segmentIn(datagram);
    } catch (error) {
      if (error instanceof CodecError) return undefined;
      throw error;
    }
  }

  private datagramIn(packet: Uint8Array): Datagram | undefined {
    const version = (packet[0] ?? 0) >> 4;
    if (version === 4) return this.fromIpv4(packet);
    return version === 6 ? this.fromIpv6(packet) : undefined;
  }

  private fromIpv4(packet: Uint8Array): Datagram | undefined {
    const header = (packet[0]! & 0x0f) * 4;
    const reader = new BinaryReader(packet);
    reader.take(2, 'version');
    const length = reader.u16('length');
    const id = reader.u16('id');
    const fragment = reader.u16('fragment');
    reader.u8('ttl');
    const protocol = reader.u8('protocol');
    reader.u16('checksum');
    const from = reader.take(4, 'from').join('.');
    const to = reader.take(4, 'to').join('.');
    // Cards that put packets together themselves leave the length at zero.
    const data = packet.subarray(header, length === 0 ? undefined : length);
    const piece = { offset: (fragment & 0x1fff) * 8, more: (fragment & 0x2000) !== 0, data };
    return this.whole({ from, to, protocol, data }, piece, id);
  }

  private fromIpv6(packet: Uint8Array): Datagram | undefined {
    const reader = new BinaryReader(packet);
    reader.take(4, 'version');
    const length = reader.u16('length');
    let protocol = reader.u8('next');
    reader.u8('hops');
    const from = ipv6Text(reader.take(16, 'from'));
    const to = ipv6Text(reader.take(16, 'to'));
    while (IPV6_OPTIONS.includes(protocol)) {
      protocol = reader.u8('next');
      reader.take(reader.u8('length') * 8 + 6, 'options');
    }
    let piece: Piece | undefined;
    let id = 0;
    const end = length === 0 ? undefined : 40 + length;
    if (protocol === IPV6_FRAGMENT) {
      protocol = reader.u8('next');
      reader.u8('reserved');
      const fragment = reader.u16('fragment');
      id = reader.u32('id');
      const data = packet.subarray(reader.offset, end);
      piece = { offset: fragment & 0xfff8, more: (fragment & 1) !== 0, data };
    }
    const data = packet.subarray(reader.offset, end);
    return this.whole({ from, to, protocol, data }, piece ?? { offset: 0, more: false, data }, id);
  }

  /** The datagram that a piece completes. */
  private whole(datagram: Datagram, piece: Piece, id: number): Datagram | undefined {
    if (piece.offset === 0 && !piece.more) return datagram;
    const name = `${datagram.from} ${datagram.to} ${datagram.protocol} ${id}`;
    const pieces = [...(this.pieces.get(name) ?? []), piece];
    const data = joined(pieces);
    this.pieces.delete(name);
    if (data !== undefined) return { ...datagram, data };
    if (pieces.length < MAX_PIECES && this.pieces.size < MAX_PENDING) this.pieces.set(name, pieces);
    return undefined;
  }
}

/** The bytes of all pieces; undefined as long as one is missing. */
function joined(pieces: readonly Piece[]): Uint8Array | undefined {
  const inOrder = [...pieces].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { offset, data } of inOrder) {
    if (offset > end) return undefined;
    end = Math.max(end, offset + data.length);
  }
  if (inOrder.at(-1)?.more !== false || end > MAX_DATAGRAM) return undefined;
  const whole = new Uint8Array(end);
  for (const { offset, data } of inOrder) whole.set(data, offset);
  return whole;
}

/** Where IP begins after what the link puts before it; undefined for links that are not known. */
function networkPacket(linkType: number, data: Uint8Array): Uint8Array | undefined {
  switch (linkType) {
    case 1:
      return afterTypes(data, 12);
    case 0:
    case 108:
      return data.subarray(4);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return data;
    case 113:
      return afterTypes(data, 14);
    case 276:
      return data.subarray(20);
    default:
      return undefined;
  }
}

/** The tags of virtual networks, which stand before the type of what follows: 802.1Q, 802.1ad, and from before that. */
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100];

/** IP, if that is what the type after `addresses` bytes announces. */
function afterTypes(data: Uint8Array, addresses: number): Uint8Array | undefined {
  const reader = new BinaryReader(data);
  reader.take(addresses, 'addresses');
  let type = reader.u16('type');
  while (VLAN_TAGS.includes(type)) {
    reader.u16('vlan');
    type = reader.u16('type');
  }
  return type === 0x0800 || type === 0x86dd ? data.subarray(reader.offset) : undefined;
}

function segmentIn({ from, to, protocol, data }: Datagram): Segment | undefined {
  if (protocol !== UDP && protocol !== TCP) return undefined;
  const reader = new BinaryReader(data);
  const ends = { from: endText(from, reader.u16('from')), to: endText(to, reader.u16('to')) };
  if (protocol === UDP) {
    const length = reader.u16('length');
    const payload = data.subarray(8, length < 8 ? undefined : length);
    return { protocol: 'udp', ...ends, data: payload, sequence: 0, first: false };
  }
  const sequence = reader.u32('sequence');
  reader.u32('acknowledgement');
  const header = (reader.u8('offset') >> 4) * 4;
  const first = (reader.u8('flags') & 2) !== 0;
  return { protocol: 'tcp', ...ends, data: data.subarray(header), sequence, first };
}

function endText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16));
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
}
