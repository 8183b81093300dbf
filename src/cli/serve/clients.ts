import type { Server as HttpServer } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { Io } from '../terminal.ts';
import { listenReason } from './listening.ts';

/** The time limit for one client in milliseconds: many slow ones must not keep the others out for long. */
const PATIENCE = 30_000;

/** Serves until the command is stopped or, with `once`, until one client has been served. */
export async function untilStopped(server: HttpServer, once: boolean, io: Io): Promise<number> {
  let stopListening = (): void => undefined;
  try {
    return await new Promise<number>(resolve => {
      server.on('request', (_, response) => {
        if (once) response.once('close', () => response.statusCode === 200 && resolve(0));
      });
      stopListening = io.onStop(() => resolve(once ? 1 : 0));
    });
  } finally {
    stopListening();
    server.close();
    server.closeAllConnections();
  }
}

/** Serves until the command is stopped, or only one client with `once`; resolves to the exit status. */
export async function serveClients(
  server: Server,
  accept: (socket: Socket) => Promise<boolean>,
  once: boolean,
  io: Io,
): Promise<number> {
  const clients = new Set<Socket>();
  let stopListening = (): void => undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      server.on('connection', socket => {
        // Another client may have connected before the server was closed.
        if (once && clients.size > 0) {
          socket.destroy();
          return;
        }
        if (once) server.close();
        clients.add(socket);
        void served(socket, accept).then(accepted => {
          clients.delete(socket);
          if (once) resolve(accepted ? 0 : 1);
        }, reject);
      });
      server.on('error', error => io.err(`krb5kit serve: ${listenReason(error)}\n`));
      stopListening = io.onStop(() => resolve(once ? 1 : 0));
    });
  } finally {
    stopListening();
    server.close();
    for (const socket of clients) socket.destroy();
  }
}

/** Serves one client and closes the connection; then resolves to whether the client was accepted. */
async function served(socket: Socket, accept: (socket: Socket) => Promise<boolean>): Promise<boolean> {
  const overdue = setTimeout(() => socket.destroy(), PATIENCE);
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  try {
    const accepted = await accept(socket);
    socket.destroySoon();
    await closed;
    return accepted;
  } finally {
    clearTimeout(overdue);
  }
}
