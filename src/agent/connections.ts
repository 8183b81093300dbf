import type { Server, Socket } from 'node:net';
import { KcmFrames } from '../ccache/kcm-frames.ts';

/** How much clients may claim of us; those that give us least to do go first. */
export interface ConnectionLimits {
  /** Clients at a time; beyond it, the one that has been idle for longest is hung up on. */
  readonly clients: number;
  /** Bytes kept for all of them: requests that are not complete, replies that are not read. */
  readonly bytes: number;
  /** Seconds that a request may take to arrive, and a reply to be read. */
  readonly patience: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { clients: 1000, bytes: 64 << 20, patience: 30 };

/** Shorter ones are not counted while they are answered. */
const LONG_REQUEST = 4096;

/** The clients of a server. */
export interface Connections {
  readonly size: number;
  /** Hangs up on every client, on those that are being answered once they are. */
  close(): void;
}

interface Client {
  readonly socket: Socket;
  readonly frames: KcmFrames;
  /** Bytes held for it, and since when. */
  held: number;
  since: number;
  /** The length of the request that is being answered, which stays in memory whatever becomes of the client. */
  answering: number;
  busy: boolean;
}

/**
 * Answers the requests of each client one after the other, those of different clients side by side. `answer` is given a
 * request without its length and resolves to a whole reply; a request that it rejects ends the connection.
 */
export function serveConnections(
  server: Server,
  answer: (request: Uint8Array) => Promise<Uint8Array>,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Connections {
  /** The one idle for longest first. */
  const clients = new Set<Client>();
  /** Those that something is held for, the oldest claim first. */
  const holders = new Set<Client>();
  let held = 0;
  let closing = false;
  const patrol = setInterval(dropSlow, (limits.patience * 1000) / 4);
  patrol.unref();

  server.on('connection', socket => {
    const client: Client = {
      socket,
      frames: new KcmFrames('requests'),
      held: 0,
      since: 0,
      answering: 0,
      busy: false,
    };
    clients.add(client);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clients.delete(client);
      account(client);
    });
    socket.on('data', chunk => {
      client.frames.push(chunk);
      if (!client.busy) return void answerAll(client);
      socket.pause();
      account(client);
    });
    if (clients.size > limits.clients) first(clients)?.socket.destroy();
  });

  return {
    get size() {
      return clients.size;
    },
    close() {
      closing = true;
      clearInterval(patrol);
      for (const client of clients) if (!client.busy) client.socket.destroySoon();
    },
  };

  async function answerAll(client: Client): Promise<void> {
    const { socket, frames } = client;
    client.busy = true;
    try {
      for (let request = frames.next(); request !== undefined; request = frames.next()) {
        moveToEnd(client);
        const pending = answer(request);
        client.answering = request.length;
        if (request.length > LONG_REQUEST) account(client);
        const reply = await pending;
        client.answering = 0;
        if (socket.destroyed) break;
        if (socket.write(reply)) continue;
        account(client);
        await drained(socket);
      }
    } catch {
      socket.destroy();
    }
    client.busy = false;
    client.answering = 0;
    account(client);
    if (closing) socket.destroySoon();
    else if (socket.isPaused()) socket.resume();
  }

  function moveToEnd(client: Client): void {
    if (!clients.delete(client)) return;
    clients.add(client);
  }

  function account(client: Client): void {
    const { socket, frames, answering } = client;
    const bytes = answering + (socket.destroyed ? 0 : frames.size + socket.writableLength);
    if (bytes === 0 && client.held === 0) return;
    hold(client, bytes);
    for (const holder of holders) {
      if (held <= limits.bytes) return;
      holder.socket.destroy();
      hold(holder, holder.answering);
    }
  }

  function hold(client: Client, bytes: number): void {
    held += bytes - client.held;
    if (bytes === 0) {
      holders.delete(client);
    } else if (client.held === 0) {
      client.since = performance.now();
      holders.add(client);
    }
    client.held = bytes;
  }

  function dropSlow(): void {
    const oldest = performance.now() - limits.patience * 1000;
    for (const client of holders) {
      // What an answer is being made for is our own slowness.
      const ours = client.busy && client.socket.writableLength === 0;
      if (client.since < oldest && !ours) client.socket.destroy();
    }
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  const [found] = set;
  return found;
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const finish = (): void => {
      socket.off('drain', finish).off('close', finish);
      resolve();
    };
    socket.on('drain', finish).on('close', finish);
  });
}
