/** Who sends to whom, by IPv4 and ports. */
interface Way {
  readonly from: string;
  readonly to: string;
}

/** A capture in the classic format; of Ethernet if no other type of link is given. */
export function pcap(packets: readonly Uint8Array[], linkType = 1): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(linkType, 20);
  const records = packets.flatMap((packet, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_772_366_400, 0);
    record.writeUInt32LE(i * 1000, 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([header, ...records]);
}

/** The same in the newer format, big-endian, with times in nanoseconds. */
export function pcapng(packets: readonly Uint8Array[]): Uint8Array {
  const nanoseconds = Buffer.from('000900010900000000000000', 'hex');
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.from('1a2b3c4d00010000ffffffffffffffff', 'hex')),
    block(1, Buffer.concat([Buffer.from('000100000000ffff', 'hex'), nanoseconds])),
    ...packets.map((packet, i) => {
      const head = Buffer.alloc(20);
      head.writeBigUInt64BE(1_772_366_400_000_000_000n + BigInt(i) * 1_000_000n, 4);
      head.writeUInt32BE(packet.length, 12);
      head.writeUInt32BE(packet.length, 16);
      return block(6, Buffer.concat([head, packet, Buffer.alloc(-packet.length & 3)]));
    }),
  ]);
}

function block(type: number, body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(type, 0);
  head.writeUInt32BE(body.length + 12, 4);
  return Buffer.concat([head, body, head.subarray(4)]);
}

/** A datagram as frames of Ethernet, in pieces of at most `size` bytes. */
export function udpFrames(way: Way, data: Uint8Array, { size = 65_000, id = 1 } = {}): readonly Uint8Array[] {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(portOf(way.from), 0);
  head.writeUInt16BE(portOf(way.to), 2);
  head.writeUInt16BE(data.length + 8, 4);
  const whole = Buffer.concat([head, data]);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += size) {
    const more = at + size < whole.length ? 0x2000 : 0;
    frames.push(frame(way, whole.subarray(at, at + size), { protocol: 17, fragment: more | (at / 8), id }));
  }
  return frames;
}

/** A segment of TCP as a frame of Ethernet. */
export function tcpFrame(way: Way, data: Uint8Array, sequence: number, { syn = false } = {}): Uint8Array {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(portOf(way.from), 0);
  head.writeUInt16BE(portOf(way.to), 2);
  head.writeUInt32BE(sequence >>> 0, 4);
  head.writeUInt8(0x50, 12);
  head.writeUInt8(syn ? 0x02 : 0x18, 13);
  return frame(way, Buffer.concat([head, data]), { protocol: 6, fragment: 0, id: 0 });
}

function frame(
  { from, to }: Way,
  data: Uint8Array,
  { protocol, fragment, id }: { readonly protocol: number; readonly fragment: number; readonly id: number },
): Uint8Array {
  const head = Buffer.alloc(34);
  head.writeUInt16BE(0x0800, 12);
  head.writeUInt8(0x45, 14);
  head.writeUInt16BE(20 + data.length, 16);
  head.writeUInt16BE(id, 18);
  head.writeUInt16BE(fragment, 20);
  head.writeUInt8(64, 22);
  head.writeUInt8(protocol, 23);
  head.set(addressOf(from), 26);
  head.set(addressOf(to), 30);
  return Buffer.concat([head, data]);
}

function portOf(end: string): number {
  return Number(end.split(':')[1]);
}

function addressOf(end: string): number[] {
  return end.split(':')[0]!.split('.').map(Number);
}

/** A message after its length, as TCP carries it. */
export function framed(message: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}
