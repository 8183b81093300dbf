import type { Server, Socket } from 'node:net';

/** Limits the connections of a server to `most`: a new one replaces the oldest. */
export function limitConnections(server: Server, most: number): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (connections.size >= most) {
      const [oldest] = connections;
      oldest?.destroy();
      if (oldest !== undefined) connections.delete(oldest);
    }
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  return connections;
}
