import { CodecError } from '../../errors.ts';
import { readCapture } from './capture.ts';
import { isPasswordMessage, passwordNodes } from './kpasswd.ts';
import { branch, type Node } from './node.ts';
import { PacketReader, type Segment } from './packets.ts';
import { StreamReader } from './streams.ts';
import { beginsMessage, MESSAGES } from './types.ts';
import { type Inspection, messageNode } from './value.ts';

/** The messages of Kerberos in a capture, in their order: what one of them brings opens the next. Throws CodecError. */
export function captureNodes(bytes: Uint8Array, to: Inspection): readonly Node[] {
  const packets = new PacketReader();
  const streams = new StreamReader(isMessage);
  const nodes: Node[] = [];
  let number = 0;
  for (const packet of readCapture(bytes)) {
    number++;
    const segment = packets.read(packet);
    if (segment === undefined) continue;
    const name = `${number}: ${timeText(packet.time)}${segment.protocol} ${segment.from} > ${segment.to}`;
    for (const message of messagesOf(segment, streams)) {
      if (--to.left < 0) return nodes;
      nodes.push(packetNode(name, message, to));
    }
  }
  if (nodes.length === 0) throw new CodecError(`no Kerberos message in ${number} packets`);
  return nodes;
}

function messagesOf(segment: Segment, streams: StreamReader): readonly Uint8Array[] {
  if (segment.protocol === 'tcp') return streams.read(segment);
  return isMessage(segment.data) ? [segment.data] : [];
}

function isMessage(bytes: Uint8Array, length = bytes.length): boolean {
  return isPasswordMessage(bytes, length) || beginsMessage(bytes);
}

function packetNode(name: string, message: Uint8Array, to: Inspection): Node {
  const type = MESSAGES[message[0]!];
  try {
    if (type === undefined) return branch(name, passwordNodes(message, to));
    return branch(name, [messageNode(type, message, to, 1)]);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { name, value: `a damaged ${type?.name ?? 'message about a password'}: ${error.message}` };
  }
}

function timeText(time: Date | undefined): string {
  return time === undefined || Number.isNaN(time.getTime()) ? '' : `${time.toISOString()} `;
}
