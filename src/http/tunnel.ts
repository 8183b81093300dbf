import { request as ask, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { KerberosError } from '../errors.ts';
import { portOf } from './connect.ts';
import type { Party } from './party.ts';

export interface TunnelOptions {
  /** A new connection to the proxy. */
  readonly connect: () => Promise<Socket>;
  /** The proxy, which may demand authentication. */
  readonly proxy: (socket: Socket) => Party;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly response: IncomingMessage;
  /** What arrived after the headers. */
  readonly head: Uint8Array;
}

const MAX_ROUNDS = 8;
/** How many bytes of a refusal are read so that its connection can be reused. */
const MAX_REFUSAL = 1 << 16;

/** A connection through a proxy (RFC 9110 §9.3.6). Throws KerberosError HTTP if the proxy refuses. */
export async function openTunnel(url: URL, { connect, proxy, signal }: TunnelOptions): Promise<Socket> {
  let socket = await connect();
  let party = proxy(socket);
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { response, head } = await askForTunnel(socket, url, party, signal);
      const { statusCode = 0, statusMessage } = response;
      if (statusCode >= 200 && statusCode < 300) {
        const { headers } = response;
        const proof = headers['proxy-authentication-info'] ?? headers['proxy-authenticate'];
        await party.passed(proof?.toString(), { success: true });
        if (head.length > 0) socket.unshift(head);
        return socket;
      }
      const { begun } = party;
      const usable = await skipBody(response, head, socket, signal);
      signal?.throwIfAborted();
      if (!usable && !begun) {
        socket.destroy();
        socket = await connect();
        party = proxy(socket);
      }
      const answered = statusCode === 407 && (await party.challenged(response.headers['proxy-authenticate']));
      if (!answered || (!usable && begun)) {
        throw new KerberosError('HTTP', `The proxy refuses: ${statusCode} ${statusMessage}`);
      }
    }
    throw new KerberosError('HTTP', 'The proxy keeps asking for authentication');
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function askForTunnel(
  socket: Socket,
  url: URL,
  party: Party,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const authority = `${url.hostname}:${portOf(url)}`;
  return new Promise((resolve, reject) => {
    const request = ask({
      method: 'CONNECT',
      path: authority,
      setHost: false,
      headers: {
        Host: authority,
        Connection: 'keep-alive',
        ...(party.credentials && { 'Proxy-Authorization': party.credentials }),
      },
      createConnection: () => socket,
      ...(signal && { signal }),
    });
    request.once('error', reject);
    request.once('connect', (response, _, head) => resolve({ response, head }));
    request.end();
  });
}

/** Reads past the body of a refusal; resolves to whether the connection may be used again. */
async function skipBody(
  { headers }: IncomingMessage,
  head: Uint8Array,
  socket: Socket,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const length = Number(headers['content-length'] ?? Number.NaN);
  const closes = /\bclose\b/i.test(`${headers.connection},${headers['proxy-connection']}`);
  if (closes || !(length <= MAX_REFUSAL) || headers['transfer-encoding']) return false;
  let left = length - head.length;
  while (left > 0) {
    const chunk = socket.read(Math.min(left, socket.readableLength) || 1) as Uint8Array | null;
    if (chunk !== null) left -= chunk.length;
    else if (!(await moreFrom(socket, signal))) return false;
  }
  return left === 0;
}

function moreFrom(socket: Socket, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise(resolve => {
    const settle = (more: boolean) => (): void => {
      socket.off('readable', yes).off('close', no).off('end', no).off('error', no);
      signal?.removeEventListener('abort', no);
      resolve(more);
    };
    const yes = settle(true);
    const no = settle(false);
    socket.once('readable', yes).once('close', no).once('end', no).once('error', no);
    signal?.addEventListener('abort', no);
    if (signal?.aborted) no();
  });
}
