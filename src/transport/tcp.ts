import { createConnection } from 'node:net';
import type { ExchangeOptions, Target } from './protocols.ts';

const LENGTH_BYTES = 4;
/** No ticket is longer; without a bound a KDC could fill our memory. */
const MAX_REPLY_BYTES = 1 << 20;

/** Exchanges one message, each way after its length in four octets, over a stream (RFC 4120 §7.2.2). */
export function exchangeTcp(
  { protocol, host, address = host, port }: Target,
  request: Uint8Array,
  { signal }: ExchangeOptions,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('no answer'));
    const socket = createConnection(
      protocol === 'unix' ? { path: host } : { host: address, port, noDelay: true },
    );
    const reply = createReply();

    const settle = (outcome: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      outcome();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(new Error('no answer'));

    signal.addEventListener('abort', onAbort);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`connection closed ${reply.progress()}`)));
    socket.on('data', chunk => {
      try {
        const message = reply.add(chunk);
        if (message !== undefined) settle(() => resolve(message));
      } catch (error) {
        fail(error as Error);
      }
    });
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(request.length);
    socket.write(Buffer.concat([length, request]));
  });
}

/** Collects chunks until they hold a whole message; throws on a length that is none. */
function createReply(): { add(chunk: Buffer): Uint8Array | undefined; progress(): string } {
  const chunks: Buffer[] = [];
  let received = 0;
  let expected: number | undefined;
  return {
    add(chunk) {
      chunks.push(chunk);
      received += chunk.length;
      if (expected === undefined) {
        if (received < LENGTH_BYTES) return undefined;
        expected = Buffer.concat(chunks).readUInt32BE();
        // The high bit would announce an extension, which only an answer to one could use.
        if (expected === 0 || expected > MAX_REPLY_BYTES) throw new Error(`a reply of ${expected} bytes`);
      }
      if (received < LENGTH_BYTES + expected) return undefined;
      return Buffer.concat(chunks).subarray(LENGTH_BYTES, LENGTH_BYTES + expected);
    },
    progress: () =>
      expected === undefined ? 'before a reply' : `after ${received - LENGTH_BYTES} of ${expected} bytes`,
  };
}
