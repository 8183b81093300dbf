import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { ANSWER, fakeKdc, framed, onRequest, REQUEST, type TcpBehaviour, transportTo } from './fake-kdc.ts';

const LONG_ANSWER = Uint8Array.from({ length: 200 }, (_, i) => (i === 0 ? 0x6b : i));

/** Sends a byte now and then for as long as it is listened to. */
function dripping(bytes: Iterator<number>): TcpBehaviour {
  return socket =>
    onRequest(socket, () => {
      const drip = setInterval(() => {
        const { value, done } = bytes.next();
        if (!done) socket.write(Uint8Array.of(value));
      }, 5);
      socket.on('close', () => clearInterval(drip));
    });
}

describe('a stream from a KDC', () => {
  it.each([
    ['ends', 'end'],
    ['is torn', 'resetAndDestroy'],
  ] as const)('that %s after any byte of the reply brings no answer', async (_, how) => {
    const message = framed(LONG_ANSWER);
    let length = 0;
    await using kdc = await fakeKdc({
      tcp: socket =>
        onRequest(socket, () => {
          if (length === 0) socket[how]();
          else socket.write(message.subarray(0, length), () => socket[how]());
        }),
    });
    const transport = transportTo([`tcp/127.0.0.1:${kdc.port}`]);
    for (; length < message.length; length++) {
      await expect(transport('A.TEST', REQUEST), `${length} bytes`).rejects.toMatchObject({
        code: 'KDC_UNREACHABLE',
        attempts: [{ reason: expect.stringMatching(/^connection closed|ECONNRESET/) }],
      });
    }
    expect(kdc.log).toHaveLength(message.length);
  });

  it.each<[string, () => Iterator<number>]>([
    ['its length', () => framed(LONG_ANSWER).subarray(0, 3).values()],
    ['the reply', () => framed(new Uint8Array(100_000).fill(0x6b)).values()],
  ])('that drips %s is given up in time, and closed', async (_, bytes) => {
    let closed = false;
    await using kdc = await fakeKdc({
      tcp: socket => {
        socket.on('close', () => {
          closed = true;
        });
        dripping(bytes())(socket);
      },
    });
    const started = performance.now();
    const transport = transportTo([`tcp/127.0.0.1:${kdc.port}`], { timeout: 0.3 });
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: 'no answer' }],
    });
    expect(performance.now() - started).toBeLessThan(8000);
    await expect.poll(() => closed).toBe(true);
  });

  it('that drips does not keep another KDC from answering', async () => {
    const endless = framed(new Uint8Array(100_000).fill(0x6b)).values();
    await using slow = await fakeKdc({ tcp: dripping(endless) });
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const transport = transportTo([`tcp/127.0.0.1:${slow.port}`, kdc], { stagger: 0.05 });
    expect(await transport('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
  });

  it.each([0, 0x100001, 0x7fffffff, 0x80000005, 0xffffffff])(
    'that announces %i bytes is not waited for',
    async length => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      await using kdc = await fakeKdc({ tcp: socket => onRequest(socket, () => socket.write(header)) });
      const transport = transportTo([`tcp/127.0.0.1:${kdc.port}`]);
      await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
        attempts: [{ reason: `a reply of ${length} bytes` }],
      });
    },
  );

  it('that answers with something else brings no answer', async () => {
    const http = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
    await using web = await fakeKdc({ tcp: socket => onRequest(socket, () => socket.end(http)) });
    await using mail = await fakeKdc({ tcp: socket => onRequest(socket, () => socket.end(framed(http))) });
    const tcp = (port: number): string => `tcp/127.0.0.1:${port}`;
    const transport = transportTo([tcp(web.port), tcp(mail.port)]);
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: `a reply of ${0x48545450} bytes` }, { reason: 'the reply is not from a KDC' }],
    });
  });
});

describe('a datagram', () => {
  const FORGED = Uint8Array.of(0x6b, 3, 6, 6, 6);

  it.each([
    ['port', '127.0.0.1'],
    ['address', '127.0.0.2'],
  ])('from another %s is not taken for the answer', async (_, address) => {
    await using forger = await boundTo(address);
    await using kdc = await boundTo('127.0.0.1');
    kdc.socket.on('message', async (_request, from) => {
      await forger.send(FORGED, from.port);
      await kdc.send(ANSWER, from.port);
    });
    const transport = transportTo([`udp/127.0.0.1:${kdc.port}`]);
    expect(await transport('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
  });

  it.each([
    ['garbage', Uint8Array.of(1, 2, 3)],
    ['nothing', new Uint8Array()],
    ['as much as fits', new Uint8Array(60_000)],
    ['the request', REQUEST],
  ])('of %s is passed over for the answer that follows', async (_, junk) => {
    await using kdc = await boundTo('127.0.0.1');
    kdc.socket.on('message', async (_request, from) => {
      await kdc.send(junk, from.port);
      await kdc.send(junk, from.port);
      setTimeout(() => void kdc.send(ANSWER, from.port), 50);
    });
    const transport = transportTo([`udp/127.0.0.1:${kdc.port}`]);
    expect(await transport('A.TEST', REQUEST)).toEqual(Buffer.from(ANSWER));
  });

  it('that is no answer costs no more than a second where none follows', async () => {
    await using kdc = await fakeKdc({ udp: () => Uint8Array.of(1, 2, 3) });
    const transport = transportTo([`udp/127.0.0.1:${kdc.port}`], { timeout: 60 });
    await expect(transport('A.TEST', REQUEST)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: 'the reply is not from a KDC' }],
    });
  });

  it('that is no answer of a password server is passed over, too', async () => {
    const answer = Uint8Array.of(0, 7, 0, 1, 0, 0, 9);
    await using server = await boundTo('127.0.0.1');
    server.socket.on('message', async (_request, from) => {
      await server.send(Uint8Array.of(0, 9, 0, 1, 0, 0, 9), from.port);
      await server.send(answer, from.port);
    });
    const kpasswd = `[realms]\nA.TEST = {\nkpasswd_server = udp/127.0.0.1:${server.port}\n}`;
    const transport = transportTo([], { service: 'kpasswd' }, kpasswd);
    expect(await transport('A.TEST', REQUEST)).toEqual(Buffer.from(answer));
  });
});

async function boundTo(address: string) {
  const socket = createSocket('udp4');
  await new Promise<void>(resolve => socket.bind(0, address, resolve));
  return {
    socket,
    port: socket.address().port,
    send: (bytes: Uint8Array, port: number) =>
      new Promise<void>(resolve => socket.send(bytes, port, '127.0.0.1', () => resolve())),
    async [Symbol.asyncDispose]() {
      socket.close();
    },
  };
}
