import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { Responder } from '../../src/kdc/kdc.ts';
import { serveDatagrams } from '../../src/kdc/server/datagrams.ts';
import { createLab } from './support.ts';

const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  open.push(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Serves a responder that has this to say; what came back to a client, and what the responder was told. */
async function serve(handle: Responder['handle']) {
  const failures: unknown[] = [];
  const [server, client] = [await bound(), await bound()];
  const kdc: Responder = {
    realm: 'LAB.TEST',
    now: () => 0,
    handle,
    failed: error => failures.push(error),
  };
  serveDatagrams(server, kdc, { local: '127.0.0.1', maxReply: 4096 });
  const replies: number[] = [];
  client.on('message', reply => replies.push(reply.length));
  const from = (port: number, request = 'xx'): void => {
    const sender = { address: '127.0.0.1', family: 'IPv4', port, size: request.length };
    server.emit('message', Buffer.from(request), sender);
  };
  const { port } = client.address();
  const settled = async (): Promise<void> => {
    from(port, 'last');
    while (!replies.includes(4)) await new Promise(resolve => setTimeout(resolve, 5));
  };
  return { from, port, replies, failures, settled };
}

describe('a datagram', () => {
  it('from port 0 is dropped, as nobody can be answered there', async () => {
    const asked: string[] = [];
    const { from } = await serve(request => {
      asked.push(Buffer.from(request).toString());
      return request;
    });
    expect(() => from(0)).not.toThrow();
    expect(asked).toEqual([]);
  });

  it('that makes the KDC throw is dropped, and the reason told', async () => {
    const { from, port, replies, failures, settled } = await serve(request => {
      if (request.length === 2) throw new TypeError('unforeseen');
      return request;
    });
    expect(() => from(port)).not.toThrow();
    await settled();
    expect(replies).toEqual([4]);
    expect(failures).toEqual([new TypeError('unforeseen')]);
  });

  it('brings whom it names no more than ten times as much, even of errors', async () => {
    const { from, port, replies, settled } = await serve(request =>
      request.length === 4 ? request : Buffer.alloc(5000),
    );
    from(port);
    from(port, 'x'.repeat(100));
    await settled();
    expect(replies).toHaveLength(2);
    expect(Math.min(...replies)).toBe(4);
    expect(Math.max(...replies)).toBeLessThan(1000);
  });
});

it('a KDC logs what went wrong in one line', () => {
  const lab = createLab();
  lab.kdc.failed?.(new Error('disk\nfull'));
  expect(lab.log).toEqual(['KDC: INTERNAL_ERROR (disk?full)']);
});
