import type { Socket } from 'node:net';
import type { Peer } from '../exchange.ts';
import { guarded } from '../guarded.ts';
import type { Responder } from '../kdc.ts';
import { fieldTooLong, MAX_REQUEST_BYTES } from './too-big.ts';

const LENGTH_BYTES = 4;
/** How many bytes of replies a client may leave unread before it is disconnected. */
const MAX_UNREAD_BYTES = 1 << 20;

/**
 * Serves one connection: requests one after the other, each preceded by its length in four octets (RFC 4120 §7.2.2). It
 * is closed when something other than a request arrives, and after `idle` seconds without a whole one, however slowly
 * its bytes arrive.
 */
export function serveConnection(socket: Socket, kdc: Responder, idle: number): void {
  const peer: Peer = {
    address: socket.remoteAddress ?? '',
    port: socket.remotePort,
    local: socket.localAddress,
    transport: 'tcp',
  };
  const patience = setTimeout(() => socket.destroy(), idle * 1000);
  const frames = createFrames(request => {
    patience.refresh();
    const reply = kdc.handle(request, peer);
    if (reply === undefined || socket.writableLength > MAX_UNREAD_BYTES) return false;
    const held = kdc.delay?.() ?? 0;
    if (held > 0) setTimeout(() => socket.write(framed(reply)), held).unref();
    else socket.write(framed(reply));
    return true;
  });
  socket.on('data', chunk => {
    const outcome = guarded(kdc, () => frames(chunk)) ?? 'refused';
    if (outcome === 'refused') socket.destroy();
    // What else arrives is read and dropped for a while: closing at once could destroy the answer.
    else if (outcome === 'too long' && socket.writable) socket.end(framed(fieldTooLong(kdc)));
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(patience));
}

type Outcome = 'more' | 'refused' | 'too long';

/**
 * Splits a stream into messages until one is not accepted. The high bit of a length asks for an extension (RFC 5021),
 * none of which is supported here.
 */
function createFrames(accept: (message: Uint8Array) => boolean): (chunk: Uint8Array) => Outcome {
  const header = new Uint8Array(LENGTH_BYTES);
  let target: Uint8Array = header;
  let filled = 0;
  let outcome: Outcome = 'more';

  function complete(): Outcome {
    filled = 0;
    if (target !== header) {
      const message = target;
      target = header;
      return accept(message) ? 'more' : 'refused';
    }
    const length = Buffer.from(header).readUInt32BE();
    if (length > MAX_REQUEST_BYTES) return 'too long';
    target = Buffer.allocUnsafe(length);
    return length === 0 ? 'refused' : 'more';
  }

  return chunk => {
    for (let at = 0; at < chunk.length && outcome === 'more'; ) {
      const taken = Math.min(chunk.length - at, target.length - filled);
      target.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled === target.length) outcome = complete();
    }
    return outcome;
  };
}

function framed(message: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  out.writeUInt32BE(message.length);
  out.set(message, LENGTH_BYTES);
  return out;
}
