import { GssError } from '../gss-error.ts';

const LENGTH_BYTES = 4;

/** A packet with its length before it, in network order (RFC 4422 §3.7). */
export function framePacket(packet: Uint8Array): Uint8Array {
  const framed = new Uint8Array(LENGTH_BYTES + packet.length);
  new DataView(framed.buffer).setUint32(0, packet.length);
  framed.set(packet, LENGTH_BYTES);
  return framed;
}

/** Reassembles packets, however the transport has split them. */
export class PacketReader {
  private readonly maximum: number;
  private readonly length = new Uint8Array(LENGTH_BYTES);
  private lengthFilled = 0;
  /** The packet being assembled, once its length is known. */
  private packet: Uint8Array | undefined;
  private filled = 0;

  constructor(maximum: number) {
    this.maximum = maximum;
  }

  /** The packets that `bytes` complete. Throws GssError DEFECTIVE_TOKEN for one that is longer than the maximum. */
  packets(bytes: Uint8Array): Uint8Array[] {
    const whole: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.packet === undefined) {
        this.length[this.lengthFilled++] = bytes[at++]!;
        if (this.lengthFilled < LENGTH_BYTES) continue;
        this.packet = new Uint8Array(this.announced());
      }
      const part = bytes.subarray(at, at + this.packet.length - this.filled);
      this.packet.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled < this.packet.length) break;
      whole.push(this.packet);
      this.packet = undefined;
      this.filled = 0;
      this.lengthFilled = 0;
    }
    return whole;
  }

  private announced(): number {
    const length = new DataView(this.length.buffer).getUint32(0);
    if (length <= this.maximum) return length;
    throw new GssError('DEFECTIVE_TOKEN', `a packet of ${length} bytes, longer than ${this.maximum}`);
  }
}
