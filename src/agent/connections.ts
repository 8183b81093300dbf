import type { Server } from 'node:net';
import { KcmFrames } from '../ccache/kcm/frames.ts';
import type { Link } from './link.ts';
import { takeConnections } from './sockets.ts';
import type { Soon } from './soon.ts';

/** How much clients may claim; beyond it, those that matter least are disconnected first. */
export interface ConnectionLimits {
  /** The number of clients; beyond it, the one that has been idle longest is disconnected. */
  readonly clients: number;
  /** Bytes held for all clients: incomplete requests and unread replies. */
  readonly bytes: number;
  /** Seconds that a request may take to arrive, and a reply to be read. */
  readonly patience: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = { clients: 1000, bytes: 64 << 20, patience: 30 };

/** Shorter requests are not counted while they are answered. */
const LONG_REQUEST = 4096;

/** The clients of a server. */
export interface Connections {
  readonly size: number;
  /** Resolves when all connections have ended after `close`. */
  readonly closed: Promise<void>;
  /** Disconnects every client; one that is being answered, once it has been. */
  close(): void;
}

interface Client {
  readonly link: Link;
  readonly frames: KcmFrames;
  /** Bytes held for the client, and since when. */
  held: number;
  since: number;
  /** The length of the request being answered, which stays in memory whatever happens to the client. */
  answering: number;
  /** Whether an answer is being made, or the client has not read the last one. */
  busy: boolean;
  /** Whether the client will send no more requests. */
  ended: boolean;
  /** The total number of requests at the time of this client's last one. */
  asked: number;
}

/**
 * Answers the requests of each client one after the other, and those of different clients concurrently. `answer`
 * receives a request preceded by its length and returns a whole reply; if it rejects, the connection is closed.
 */
export function serveConnections(
  server: Server,
  answer: (request: Uint8Array) => Soon<Uint8Array>,
  limits: ConnectionLimits = CONNECTION_LIMITS,
): Connections {
  const clients = new Set<Client>();
  /** The clients for which something is held, the oldest claim first. */
  const holders = new Set<Client>();
  let held = 0;
  let asked = 0;
  let closing = false;
  const patrol = setInterval(dropSlow, (limits.patience * 1000) / 4);
  patrol.unref();

  let finish = ignore;
  const closed = new Promise<void>(resolve => {
    finish = resolve;
  });
  // Not before: somebody may never read the last answer.
  void closed.then(() => clearInterval(patrol));

  takeConnections(server, link => {
    const client: Client = {
      link,
      frames: new KcmFrames('requests'),
      held: 0,
      since: 0,
      answering: 0,
      busy: false,
      ended: false,
      asked: ++asked,
    };
    if (clients.size >= limits.clients) idlest(clients).link.destroy();
    clients.add(client);
    return {
      received: chunk => receive(client, chunk),
      ended() {
        client.ended = true;
        // Closed at once, which is half the work of ending our side first.
        if (!client.busy) link.hangUp();
      },
      closed() {
        clients.delete(client);
        hold(client, client.answering);
        if (closing && clients.size === 0) finish();
      },
    };
  });

  return {
    closed,
    get size() {
      return clients.size;
    },
    close() {
      closing = true;
      for (const client of clients) if (!client.busy) client.link.hangUp();
      if (clients.size === 0) finish();
    },
  };

  function receive(client: Client, chunk: Uint8Array): void {
    const { frames, link } = client;
    frames.push(chunk);
    client.asked = ++asked;
    if (client.busy) {
      link.pause();
      account(client);
    } else {
      answerAll(client);
    }
    frames.keep();
  }

  /** Answers what has arrived, in the same turn as long as answers are ready and the client reads them. */
  function answerAll(client: Client): void {
    const { link, frames } = client;
    try {
      for (let request = frames.frame(); request !== undefined; request = frames.frame()) {
        // What is held from now on is held for the next request.
        if (client.held > 0) hold(client, 0);
        const reply = answer(request);
        if (reply instanceof Promise) return void answerLater(client, request, reply);
        if (!link.send(reply)) return void readOn(client);
      }
    } catch {
      link.destroy();
    }
    account(client);
  }

  async function answerLater(
    client: Client,
    request: Uint8Array,
    pending: Promise<Uint8Array>,
  ): Promise<void> {
    const { link } = client;
    client.busy = true;
    client.answering = request.length;
    if (request.length > LONG_REQUEST) account(client);
    let taken = true;
    try {
      const reply = await pending;
      if (!link.destroyed) taken = link.send(reply);
    } catch {
      link.destroy();
    }
    client.answering = 0;
    if (taken) goOn(client);
    else await readOn(client);
  }

  /** Waits until the client has read its answer before answering more. */
  async function readOn(client: Client): Promise<void> {
    client.busy = true;
    account(client);
    await client.link.drained();
    goOn(client);
  }

  function goOn(client: Client): void {
    const { link } = client;
    client.busy = false;
    client.asked = ++asked;
    hold(client, 0);
    if (!link.destroyed) answerAll(client);
    if (client.busy) return;
    if (closing || client.ended) link.hangUp();
    else if (link.paused) link.resume();
  }

  function account(client: Client): void {
    const { link, frames, answering } = client;
    const bytes = answering + (link.destroyed ? 0 : frames.size + link.unsent);
    if (bytes === 0 && client.held === 0) return;
    hold(client, bytes);
    for (const holder of holders) {
      if (held <= limits.bytes) return;
      holder.link.destroy();
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
      // A client is not to blame for the time that its answer takes.
      const ours = client.busy && client.link.unsent === 0;
      if (client.since < oldest && !ours) client.link.destroy();
    }
  }
}

function ignore(): void {}

/** The client whose last request is the longest ago. */
function idlest(clients: ReadonlySet<Client>): Client {
  return [...clients].reduce((oldest, client) => (client.asked < oldest.asked ? client : oldest));
}
