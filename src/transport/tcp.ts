import { createConnection } from 'node:net';
import type { ExchangeOptions, Target } from './protocols.ts';

const LENGTH_BYTES = 4;
/** No ticket is longer; without a limit a KDC could fill our memory. */
const MAX_REPLY_BYTES = 1 << 20;

/** Exchanges one message, each way after its length in four octets, over a stream (RFC 4120 §7.2.2). */
export function exchangeTcp(
  target: Target,
  request: Uint8Array,
  { signal, onConnect }: ExchangeOptions,
): Promise<Uint8Array> {
  return exchangeFramed(target, request, { signal, onConnect, lengthBytes: LENGTH_BYTES });
}

/** Exchanges one message, each way after its length in `lengthBytes` octets, over a stream. */
export function exchangeFramed(
  { protocol, host, address = host, port }: Target,
  request: Uint8Array,
  {
    signal,
    lengthBytes,
    onConnect = () => {},
  }: Pick<ExchangeOptions, 'signal' | 'onConnect'> & { readonly lengthBytes: number },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('no answer'));
    const socket = createConnection(
      protocol === 'unix' ? { path: host } : { host: address, port, noDelay: true },
    );
    const reply = createReply(lengthBytes);

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
    socket.on('connect', onConnect);
    socket.on('close', () => fail(new Error(`connection closed ${reply.progress()}`)));
    socket.on('data', chunk => {
      try {
        const message = reply.add(chunk);
        if (message !== undefined) settle(() => resolve(message));
      } catch (error) {
        fail(error as Error);
      }
    });
    const length = Buffer.alloc(lengthBytes);
    length.writeUIntBE(request.length, 0, lengthBytes);
    socket.write(Buffer.concat([length, request]));
  });
}

/** Collects chunks until they hold a whole message; throws on an invalid length. */
function createReply(lengthBytes: number): {
  add(chunk: Buffer): Uint8Array | undefined;
  progress(): string;
} {
  const chunks: Buffer[] = [];
  let received = 0;
  let expected: number | undefined;
  return {
    add(chunk) {
      chunks.push(chunk);
      received += chunk.length;
      if (expected === undefined) {
        if (received < lengthBytes) return undefined;
        expected = Buffer.concat(chunks).readUIntBE(0, lengthBytes);
        // The high bit would announce an extension, which is sent only in answer to one.
        if (expected === 0 || expected > MAX_REPLY_BYTES) throw new Error(`a reply of ${expected} bytes`);
      }
      if (received < lengthBytes + expected) return undefined;
      return Buffer.concat(chunks).subarray(lengthBytes, lengthBytes + expected);
    },
    progress: () =>
      expected === undefined ? 'before a reply' : `after ${received - lengthBytes} of ${expected} bytes`,
  };
}
