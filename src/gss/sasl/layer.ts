import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { framePacket, PacketReader } from './packets.ts';

/** How data is protected after a SASL exchange. */
export type SaslProtection = 'none' | 'integrity' | 'confidentiality';

/** The security layer that a SASL exchange has established (RFC 4422 §3.7). */
export interface SaslLayer {
  readonly protection: SaslProtection;
  /** What to send for `data`: one or several packets, none longer than the peer accepts. */
  protect(data: Uint8Array): Uint8Array;
  /**
   * Takes received bytes, split anywhere, and returns the data of the packets that are complete by now. Throws
   * GssError, after which nothing more can be read: as `unwrap` does, DEFECTIVE_TOKEN for a packet that is too long,
   * BAD_QOP for one that is not encrypted where all must be.
   */
  unprotect(bytes: Uint8Array): Uint8Array;
}

/** The limits of a layer, in bytes. */
export interface SaslLayerSizes {
  /** The longest packet that the peer accepts, without the length before it. */
  readonly peerMaximum: number;
  /** The longest packet that we accept. */
  readonly ownMaximum: number;
}

/** The layer of an established context. Throws GssError BAD_QOP where the peer's maximum is too small for any data. */
export function createSaslLayer(
  context: SecurityContext,
  protection: SaslProtection,
  { peerMaximum, ownMaximum }: SaslLayerSizes,
): SaslLayer {
  if (protection === 'none') return { protection, protect: data => data, unprotect: bytes => bytes };
  const seal = protection === 'confidentiality';
  const limit = context.wrapSizeLimit(peerMaximum, { seal });
  if (limit <= 0) throw new GssError('BAD_QOP', `no message fits into ${peerMaximum} bytes`);
  const reader = new PacketReader(ownMaximum);
  let broken = false;
  return {
    protection,
    protect(data) {
      if (data.length <= limit) return framePacket(context.wrap(data, { seal }));
      const packets: Uint8Array[] = [];
      for (let at = 0; at < data.length; at += limit) {
        packets.push(framePacket(context.wrap(data.subarray(at, at + limit), { seal })));
      }
      return concatenate(packets);
    },
    unprotect(bytes) {
      if (broken) throw new GssError('DEFECTIVE_TOKEN', 'a packet before has been refused');
      broken = true;
      const messages = reader.packets(bytes).map(packet => open(context, packet, seal));
      broken = false;
      return concatenate(messages);
    },
  };
}

/** Whether the context can provide a protection. */
export function isPossible(context: SecurityContext, protection: SaslProtection): boolean {
  const { confidentiality, integrity } = context.info.flags;
  if (protection === 'confidentiality') return confidentiality;
  return protection === 'none' || integrity;
}

function open(context: SecurityContext, packet: Uint8Array, seal: boolean): Uint8Array {
  const { message, sealed } = context.unwrap(packet);
  if (seal && !sealed) throw new GssError('BAD_QOP', 'a packet that is not sealed');
  return message;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
