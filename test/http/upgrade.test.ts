import { once } from 'node:events';
import { createServer, type IncomingMessage, request, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { authenticated } from '../../src/http/server.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import { fakeAccept } from './fake.ts';

const negotiate = negotiateServer({ keytab: memoryKeytab('none'), accept: fakeAccept() });

/** As docs/web-services.md shows it. */
async function mayUpgrade(asked: IncomingMessage, socket: Socket): Promise<boolean> {
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(asked);
  response.assignSocket(socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  if ((await negotiate.authenticate(asked, response)) === undefined) return false;
  response.detachSocket(socket);
  return true;
}

it('a connection to be upgraded is authenticated, or refused and closed', async () => {
  const server = createServer();
  server.on('upgrade', async (asked: IncomingMessage, socket: Socket) => {
    if (!(await mayUpgrade(asked, socket))) return;
    socket.end(`HTTP/1.1 101 Yes\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${authenticated(asked)?.name}`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const upgrade = (headers: object) =>
    request({ port, host: '127.0.0.1', headers: { Upgrade: 'x', Connection: 'upgrade', ...headers } }).end();

  const [refusal] = (await once(upgrade({}), 'response')) as [IncomingMessage];
  expect([refusal.statusCode, refusal.headers['www-authenticate']]).toEqual([401, 'Negotiate']);
  await once(refusal.resume().socket, 'close');

  const token = Buffer.from('leg 1 to localhost unbound').toString('base64');
  const upgraded = await once(upgrade({ Authorization: `Negotiate ${token}` }), 'upgrade');
  const [, socket, head] = upgraded as [IncomingMessage, Socket, Buffer];
  const more = await socket.toArray();
  expect(Buffer.concat([head, ...more]).toString()).toBe('alice@A.TEST');
  server.close();
});
