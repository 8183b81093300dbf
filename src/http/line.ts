import { Agent, request as ask, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChannelBindings } from '../gss/context.ts';
import { bindingsOf } from './tls-bindings.ts';

export interface LineRequest {
  readonly method: string;
  /** The target in the request line. */
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds for which an idle connection is kept: a second less than Node's servers keep theirs. */
const IDLE = 4000;
/** How many bytes of an unwanted response are read so that its connection can be reused. */
const MAX_DRAIN = 1 << 16;

/** One connection that carries one request after the other: tokens may be bound to it. */
export class Line {
  /** How many requests it has carried. */
  used = 0;
  private readonly socket: Socket;
  private readonly agent: Agent;

  constructor(socket: Socket, onClose: (line: Line) => void = () => undefined) {
    this.socket = socket;
    socket.once('close', () => onClose(this));
    // An agent handles the transition of a socket from one request to the next best.
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE });
    Object.assign(this.agent, { createConnection: () => alive(socket) });
  }

  /** Whether it can carry a request now. */
  get idle(): boolean {
    return (
      !this.socket.destroyed && (this.used === 0 || Object.values(this.agent.freeSockets).flat().length > 0)
    );
  }

  /** What contexts are bound to over TLS. */
  get bindings(): ChannelBindings | undefined {
    return bindingsOf(this.socket, 'client');
  }

  /**
   * Sends a request; resolves to the response as soon as its headers have arrived. `onIdle` is called when the next
   * request may follow.
   */
  send(
    { method, target, headers, body, signal }: LineRequest,
    onIdle?: () => void,
  ): Promise<IncomingMessage> {
    this.used++;
    return new Promise((resolve, reject) => {
      const { agent } = this;
      const request = ask({
        method,
        path: target,
        headers,
        agent,
        setHost: false,
        ...(signal && { signal }),
      });
      request.once('error', reject);
      request.once('response', resolve);
      // The agent is told of it immediately afterwards.
      request.once('close', () => process.nextTick(() => this.idle && onIdle?.()));
      if (body === undefined || body instanceof Uint8Array) request.end(body);
      else pipeline(body, request).catch(reject);
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** The socket, if it is still open: a request over a closed one would wait for ever. */
function alive(socket: Socket): Socket {
  if (!socket.destroyed) return socket;
  throw Object.assign(new Error('The connection is closed'), { code: 'ECONNRESET' });
}

/**
 * Reads an unwanted response so that its connection can be reused, or closes the connection where that would take long.
 */
export async function discard(response: IncomingMessage): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of response) {
      length += (chunk as Uint8Array).length;
      if (length > MAX_DRAIN) break;
    }
  } catch {
    // The connection is gone.
  }
}

/** Reads an unwanted response; resolves to whether its connection can carry the next request. */
export async function drain(response: IncomingMessage, line: Line): Promise<boolean> {
  await discard(response);
  await new Promise(resolve => setImmediate(resolve));
  if (!line.idle) line.close();
  return line.idle;
}
