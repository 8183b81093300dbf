import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Responder } from '../../src/kdc/kdc.ts';
import { serveDatagrams } from '../../src/kdc/server/datagrams.ts';
import { listenKdc } from '../../src/kdc/server.ts';
import { createLab } from './support.ts';

const open: Socket[] = [];

afterEach(() => {
  vi.restoreAllMocks();
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
  return { server, from, port, replies, failures, settled };
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

describe('replies', () => {
  const echo: Responder['handle'] = request => request;
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

  /** The clock of the socket's side, which stands still unless told otherwise. */
  function stopClock(): { now: number } {
    const clock = { now: 1000 };
    vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
    return clock;
  }

  it('to datagrams that have come together are sent together, in their order, but for the first', async () => {
    const { server, from, port, replies, settled } = await serve(echo);
    const send = vi.spyOn(server, 'send');
    stopClock();
    from(port, '1');
    expect(send).toHaveBeenCalledTimes(1);
    from(port, '22');
    from(port, '333');
    expect(send).toHaveBeenCalledTimes(1);
    await turn();
    expect(send).toHaveBeenCalledTimes(3);
    await settled();
    expect(replies).toEqual([1, 2, 3, 4]);
  });

  it('are sent at once after a pause', async () => {
    const { server, from, port } = await serve(echo);
    const send = vi.spyOn(server, 'send');
    const clock = stopClock();
    for (let sent = 1; sent <= 3; sent++, clock.now += 0.5) {
      from(port, '1');
      expect(send).toHaveBeenCalledTimes(sent);
    }
  });

  it('do not wait long while others are made', async () => {
    const clock = stopClock();
    const { server, from, port } = await serve(request => {
      clock.now += 0.2;
      return request;
    });
    const send = vi.spyOn(server, 'send');
    for (let i = 0; i < 6; i++) from(port, '1');
    expect(send).toHaveBeenCalledTimes(1);
    from(port, '1');
    expect(send).toHaveBeenCalledTimes(7);
  });

  it('that wait are sent before a server closes, and none after', async () => {
    const client = await bound();
    const replies: string[] = [];
    client.on('message', reply => replies.push(reply.toString()));
    const responder: Responder = {
      realm: 'LAB.TEST',
      now: () => 0,
      handle(request) {
        if (Buffer.from(request).toString() === 'last') void server.close();
        return request;
      },
    };
    const server = await listenKdc(responder);
    for (const request of ['first', 'second', 'last']) client.send(request, server.port, '127.0.0.1');
    while (replies.length < 2) await turn();
    await server.close();
    await turn();
    expect(replies).toEqual(['first', 'second']);
  });

  it('that cannot be sent do not keep others back', async () => {
    const { from, port, replies, failures, settled } = await serve(echo);
    from(70_000, '1');
    from(port, '22');
    await settled();
    expect(replies).toEqual([2, 4]);
    expect(failures).toEqual([expect.any(RangeError)]);
  });
});

it('a KDC logs what went wrong in one line', () => {
  const lab = createLab();
  lab.kdc.failed?.(new Error('disk\nfull'));
  expect(lab.log).toEqual(['KDC: INTERNAL_ERROR (disk?full)']);
});
