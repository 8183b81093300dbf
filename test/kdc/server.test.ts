import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Responder } from '../../src/kdc/kdc.ts';
import { type KdcServer, type ListenOptions, listenKdc } from '../../src/kdc/server.ts';
import { KRB_ERR_FIELD_TOOLONG, KRB_ERR_RESPONSE_TOO_BIG } from '../../src/messages/error-codes.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { hasIpv6 } from '../support/ipv6.ts';
import { asRequest, createLab } from './support.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(resource => resource.close()));
});

async function listen(kdc: Responder, options: ListenOptions = {}): Promise<KdcServer> {
  const server = await listenKdc(kdc, options);
  open.push(server);
  return server;
}

/** A KDC that answers each request with so many bytes, or not at all. */
function echo(length?: number): Responder {
  return {
    realm: 'LAB.TEST',
    now: () => 0,
    handle: request => (length === undefined ? undefined : Buffer.alloc(length, request[0])),
  };
}

async function askUdp(server: KdcServer, request: Uint8Array): Promise<Buffer> {
  const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4');
  socket.send(request, server.port, server.host);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return reply;
}

async function connectTo(server: KdcServer): Promise<Socket> {
  const socket = connect(server.port, server.host);
  socket.on('error', () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** So many bytes of what a connection brings, or what it brought before it closed. */
function receive(socket: Socket, length: number): Promise<Buffer> {
  return new Promise(resolve => {
    let received = Buffer.alloc(0);
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= length) resolve(received);
    });
    socket.on('close', () => resolve(received));
  });
}

describe('on UDP', () => {
  it('a KDC answers on both transports of one port', async () => {
    const lab = createLab();
    const server = await listen(lab.kdc);
    const request = asRequest(lab);
    const reply = await askUdp(server, request);
    expect(reply[0]).toBe(0x6b);
    const socket = await connectTo(server);
    socket.write(framed(request));
    expect(await receive(socket, 4 + reply.length)).toEqual(framed(reply));
    expect(lab.log.every(line => line.includes(' 127.0.0.1: '))).toBe(true);
  });

  it('a reply that is too long, or much longer than what asked for it, goes by TCP', async () => {
    const large = await listen(echo(4097));
    expect(KrbError.decode(await askUdp(large, Buffer.alloc(1000))).errorCode).toBe(KRB_ERR_RESPONSE_TOO_BIG);
    const configured = await listen(echo(501), { maxDatagramReply: 500 });
    expect(KrbError.decode(await askUdp(configured, Buffer.alloc(100))).errorCode).toBe(
      KRB_ERR_RESPONSE_TOO_BIG,
    );
    const amplified = await listen(echo(1001));
    expect(KrbError.decode(await askUdp(amplified, Buffer.alloc(100))).errorCode).toBe(
      KRB_ERR_RESPONSE_TOO_BIG,
    );
    expect(await askUdp(amplified, Buffer.alloc(101))).toHaveLength(1001);
  });

  it('what is no request gets no reply and does no harm', async () => {
    const lab = createLab();
    const server = await listen(lab.kdc);
    const socket = createSocket('udp4');
    open.push(socket);
    for (const junk of ['', 'x', 'junk']) socket.send(junk, server.port, server.host);
    expect((await askUdp(server, asRequest(lab)))[0]).toBe(0x6b);
  });
});

describe('on TCP', () => {
  it('requests may come in pieces, and several on one connection', async () => {
    const socket = await connectTo(await listen(echo(3)));
    const received = receive(socket, 21);
    for (const byte of framed(Buffer.from('ab'))) {
      socket.write(Uint8Array.of(byte));
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    socket.write(Buffer.concat([framed(Buffer.from('c')), framed(Buffer.from('d'))]));
    const replies = ['aaa', 'ccc', 'ddd'].map(text => framed(Buffer.from(text)));
    expect(await received).toEqual(Buffer.concat(replies));
  });

  it.each([
    ['longer than 128 KiB', 0x20001],
    ['with the high bit, which asks for an extension', 0x80000001],
  ])('a length %s is refused', async (_, length) => {
    const socket = await connectTo(await listen(echo(3)));
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);
    socket.write(Buffer.concat([header, Buffer.from('abc')]));
    const received = await receive(socket, Number.POSITIVE_INFINITY);
    expect(KrbError.decode(received.subarray(4)).errorCode).toBe(KRB_ERR_FIELD_TOOLONG);
  });

  it.each([
    ['an empty message', Buffer.alloc(4)],
    ['what is no request', framed(Buffer.from('GET / HTTP/1.1'))],
  ])('%s ends the connection', async (_, bytes) => {
    const socket = await connectTo(await listen(echo()));
    socket.write(bytes);
    expect(await receive(socket, 1)).toHaveLength(0);
  });

  it('a request that never becomes whole is waited for no longer than the timeout', async () => {
    const socket = await connectTo(await listen(echo(3), { idleTimeout: 0.1 }));
    // Waited for as long as it drips, it would become whole after five seconds, and be answered.
    const drip = setInterval(() => socket.write('a'), 20);
    socket.write(Buffer.from([0, 0, 1, 0]));
    expect(await receive(socket, 1)).toHaveLength(0);
    clearInterval(drip);
  });

  it('the oldest connection gives way where there are too many', async () => {
    const server = await listen(echo(1), { maxConnections: 2 });
    const first = await connectTo(server);
    const closed = once(first, 'close');
    const second = await connectTo(server);
    const third = await connectTo(server);
    await closed;
    for (const socket of [second, third]) {
      socket.write(framed(Buffer.from('x')));
      expect(await receive(socket, 5)).toEqual(framed(Buffer.from('x')));
    }
  });

  it('a client that reads nothing is cut off', async () => {
    const socket = await connectTo(await listen(echo(1 << 20)));
    // Whether it ends or breaks off depends on when its last requests arrive.
    const closed = new Promise(resolve => socket.once('close', resolve));
    socket.pause();
    for (let i = 0; i < 50; i++) socket.write(framed(Buffer.from('x')));
    await new Promise(resolve => setTimeout(resolve, 100));
    socket.resume();
    await closed;
    expect(socket.bytesRead).toBeLessThan(40 << 20);
  });
});

describe('listening', () => {
  it.skipIf(!hasIpv6)('works with IPv6', async () => {
    const server = await listen(echo(2), { host: '::1' });
    expect(await askUdp(server, Buffer.from('6'))).toEqual(Buffer.from('66'));
  });

  it('works by the short form of an address, which has to be looked up', async () => {
    const server = await listen(echo(2), { host: '127.1' });
    expect(await askUdp({ ...server, host: '127.0.0.1' }, Buffer.from('4'))).toEqual(Buffer.from('44'));
  });

  it('fails with KDC_LISTEN on a port that is taken for either transport', async () => {
    const { port } = await listen(echo());
    await expect(listenKdc(echo(), { port })).rejects.toMatchObject({ code: 'KDC_LISTEN' });
    const tcp = createServer().listen(0, '127.0.0.1');
    open.push(tcp);
    await once(tcp, 'listening');
    const taken = (tcp.address() as { port: number }).port;
    await expect(listenKdc(echo(), { port: taken })).rejects.toMatchObject({ code: 'KDC_LISTEN' });
    await expect(listenKdc(echo(), { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'KDC_LISTEN' });
  });

  it.skipIf(Number.parseInt(process.versions.node, 10) < 24)(
    'shares its port where that is wished',
    async () => {
      const [one, other] = [await listen(echo(1), { reusePort: true }), echo(2)];
      await listen(other, { reusePort: true, port: one.port });
      const lengths = new Set<number>();
      for (let i = 0; i < 100 && lengths.size < 2; i++)
        lengths.add((await askUdp(one, Buffer.from('6'))).length);
      expect([...lengths].sort()).toEqual([1, 2]);
      await expect(listenKdc(echo(), { port: one.port })).rejects.toMatchObject({ code: 'KDC_LISTEN' });
    },
  );

  it('ends at once, connections and all, however often it is told to', async () => {
    const server = await listenKdc(echo(1), { idleTimeout: 3600 });
    const socket = await connectTo(server);
    const closed = once(socket, 'close');
    await Promise.all([server.close(), server.close()]);
    await closed;
    await listen(echo(1), { port: server.port });
  });
});
