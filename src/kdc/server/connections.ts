import type { Server, Socket } from 'node:net';

/** The connections of a server, of which there are never more than `most`: the oldest gives way to a new one. */
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
