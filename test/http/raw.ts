import { request as ask, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface RawServer {
  readonly url: string;
  close(): void;
}

/** A server that answers what comes in by hand. */
export async function startRaw(
  answer: (received: string, socket: Socket) => void,
): Promise<RawServer & { readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', data => answer(data.toString('latin1'), socket));
  });
  const url = await listening(server);
  return {
    url,
    sockets,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A proxy in the open that hangs up when it asks who there is. */
export async function startProxy(port: number): Promise<RawServer> {
  const proxy = createHttpServer((request, response) => {
    const { 'proxy-authorization': credentials, ...headers } = request.headers;
    if (credentials === undefined) {
      response.writeHead(407, { 'Proxy-Authenticate': 'Negotiate', Connection: 'close' }).end();
      return;
    }
    const { pathname } = new URL(request.url!);
    ask({ port, host: '127.0.0.1', path: pathname, headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    }).end();
  });
  const url = await listening(proxy);
  return { url, close: () => void proxy.close().closeAllConnections() };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
