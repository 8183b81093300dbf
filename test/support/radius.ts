import { createHash, createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface RadiusServer {
  /** On 127.0.0.1. */
  readonly port: number;
  /** What users gave for passwords. */
  readonly passwords: string[];
  stop(): void;
}

const ACCESS_ACCEPT = 2;
const ACCESS_REJECT = 3;
const USER_PASSWORD = 2;
const MESSAGE_AUTHENTICATOR = 80;

/** A RADIUS server (RFC 2865) that accepts each of `codes` once. */
export async function startRadius(secret: string, codes: readonly string[]): Promise<RadiusServer> {
  const left = new Set(codes);
  const passwords: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (packet, peer) => {
    const authenticator = packet.subarray(4, 20);
    const attributes = readAttributes(packet.subarray(20));
    const password = reveal(attributes.get(USER_PASSWORD)!, secret, authenticator);
    passwords.push(password);
    const code = left.delete(password) ? ACCESS_ACCEPT : ACCESS_REJECT;
    socket.send(reply(code, packet, secret, attributes.has(MESSAGE_AUTHENTICATOR)), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, passwords, stop: () => socket.close() };
}

function readAttributes(bytes: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 1 < bytes.length; at += bytes[at + 1]!) {
    attributes.set(bytes[at]!, bytes.subarray(at + 2, at + bytes[at + 1]!));
  }
  return attributes;
}

function reveal(hidden: Buffer, secret: string, authenticator: Buffer): string {
  const clear: number[] = [];
  let before = authenticator;
  for (let at = 0; at < hidden.length; at += 16) {
    const mask = createHash('md5').update(secret).update(before).digest();
    before = hidden.subarray(at, at + 16);
    clear.push(...before.map((byte, i) => byte ^ mask[i]!));
  }
  return Buffer.from(clear).toString('utf8').replace(/\0+$/, '');
}

function reply(code: number, request: Buffer, secret: string, signed: boolean): Buffer {
  const authenticator = request.subarray(4, 20);
  const attributes = signed
    ? Buffer.concat([Buffer.of(MESSAGE_AUTHENTICATOR, 18), Buffer.alloc(16)])
    : Buffer.alloc(0);
  const head = Buffer.from([code, request[1]!, 0, 20 + attributes.length]);
  if (signed) {
    const sum = createHmac('md5', secret).update(head).update(authenticator).update(attributes).digest();
    sum.copy(attributes, 2);
  }
  const proof = createHash('md5')
    .update(head)
    .update(authenticator)
    .update(attributes)
    .update(secret)
    .digest();
  return Buffer.concat([head, proof, attributes]);
}
