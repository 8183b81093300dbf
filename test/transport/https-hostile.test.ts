import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KdcProxyMessage } from '../../src/messages/proxy.ts';
import { type Certified, createAuthority } from '../support/certificates.ts';
import { ANSWER, framed, REQUEST, transportTo } from './fake-kdc.ts';

const authority = createAuthority();
const localhost = authority.issue('localhost');
const body = Buffer.from(KdcProxyMessage.encode({ kerbMessage: framed(ANSWER) }));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-https-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections sent something that we could read. */
  asked: number;
  open: number;
}

/** A server with a certificate that does as it likes once a request has begun. */
async function startProxy(
  answer: (socket: Socket) => void,
  { certificate, key }: Certified = localhost,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ cert: certificate, key }, socket => {
    proxy.open++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => proxy.open--);
    socket.once('data', () => {
      proxy.asked++;
      answer(socket);
    });
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: Proxy = {
    port: (server.address() as AddressInfo).port,
    asked: 0,
    open: 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return proxy;
}

function ask(port: number, timeout = 15): Promise<Uint8Array> {
  const kdc = `https://localhost:${port}/KdcProxy\nhttp_anchors = FILE:${join(folder, 'ca.pem')}`;
  return transportTo([kdc], { timeout })('A.TEST', REQUEST);
}

/** An answer in HTTP, which ends with the connection unless its head says otherwise. */
function http(head: string, content: Uint8Array = body): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${head.replaceAll('\n', '\r\n')}\r\n\r\n`), content]);
}

const sending = (bytes: Uint8Array) => (socket: Socket) => void socket.end(bytes);
const chunk = (bytes: Uint8Array, extension = ''): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`), bytes, Buffer.from('\r\n')]);
const chunked = Buffer.concat([chunk(body.subarray(0, 4)), chunk(body.subarray(4)), chunk(Buffer.of())]);

/** The forms that an honest answer may have. */
const forms: readonly (readonly [string, Buffer])[] = [
  ['with its length', http(`200 OK\nContent-Length: ${body.length}`)],
  ['in chunks', http('200 OK\nTransfer-Encoding: chunked', chunked)],
  ['as long as the connection', http('200 OK')],
  ['of another content type', http('200 OK\nContent-Type: text/html')],
  ['after a word in between', Buffer.concat([http('103 Early Hints', Buffer.of()), http('200 OK')])],
];

describe('the answer of a KDC proxy', () => {
  it.each(forms)('%s is taken', async (_, whole) => {
    await using proxy = await startProxy(sending(whole));
    expect(Buffer.from(await ask(proxy.port)).equals(ANSWER)).toBe(true);
  });

  it.each(forms.slice(0, 3))('%s, cut after any byte, is none', async (_, whole) => {
    const cut = Array.from({ length: whole.length }, (_, length) => length);
    let length = 0;
    await using proxy = await startProxy(socket => {
      if (length % 2 === 0) socket.end(whole.subarray(0, length));
      else socket.write(whole.subarray(0, length), () => socket.destroy());
    });
    // The last chunk may lack its empty end: what counts has come in.
    for (length of cut.slice(0, whole === forms[1]![1] ? -2 : undefined)) {
      await expect(ask(proxy.port), `${length} bytes`).rejects.toMatchObject({
        code: 'KDC_UNREACHABLE',
        attempts: [{ reason: expect.not.stringContaining('no answer') }],
      });
    }
  });
});

describe('a KDC proxy gives no answer', () => {
  const moved = (code: number, port: number): string => `${code} Moved\nLocation: https://localhost:${port}/`;

  it.each([301, 302, 303, 307, 308])('that sends elsewhere with status %i, where nobody goes', async code => {
    await using elsewhere = await startProxy(sending(http('200 OK')));
    await using proxy = await startProxy(sending(http(moved(code, elsewhere.port))));
    await expect(ask(proxy.port)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: `the proxy answers with status ${code}` }],
    });
    expect(elsewhere.asked).toBe(0);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['that answers with part of it', http('206 Partial Content'), /status 206/],
    ['that has nothing to say', http('204 No Content', Buffer.of()), /status 204/],
    ['that wants a password', http('401 No\nWWW-Authenticate: Negotiate'), /status 401/],
    ['that wants a password for the way', http('407 No\nProxy-Authenticate: Basic'), /status 407/],
    ['that knows of none', http('404 Not Found'), /status 404/],
    ['that is broken', http('500 Internal Server Error'), /status 500/],
    ['whose KDC is away', http('503 Service Unavailable\nRetry-After: 0'), /status 503/],
    [
      'that would rather speak another protocol',
      http('101 Switching Protocols\nUpgrade: x\nConnection: Upgrade'),
      /breaks off/,
    ],
    [
      'that answers with an empty body',
      http('200 OK\nContent-Length: 0', Buffer.of()),
      /not from a KDC proxy/,
    ],
    [
      'that sends a page',
      http('200 OK\nContent-Type: text/html', Buffer.from('<html>')),
      /not from a KDC proxy/,
    ],
    ['that packs its answer', http('200 OK\nContent-Encoding: gzip', gzipSync(body)), /not from a KDC proxy/],
    ['that says it twice', http('200 OK', Buffer.concat([body, body])), /not from a KDC proxy/],
    ['with a head without end', http(`200 OK\nX: ${'x'.repeat(1 << 20)}`), /overflow/i],
    ['with more heads than anybody reads', http(`200 OK${'\nX: x'.repeat(1 << 15)}`), /overflow/i],
    ['with two lengths', http(`200 OK\nContent-Length: ${body.length}\nContent-Length: 5`), /parse/i],
    [
      'with a length and chunks',
      http(`200 OK\nContent-Length: 5\nTransfer-Encoding: chunked`, chunked),
      /parse/i,
    ],
    [
      'with a chunk that is none',
      http('200 OK\nTransfer-Encoding: chunked', Buffer.from('zz\r\n')),
      /parse/i,
    ],
    [
      'with a chunk too long',
      http('200 OK\nTransfer-Encoding: chunked', chunk(new Uint8Array(2 << 20))),
      /too long/,
    ],
    ['that says more than it has', http('200 OK\nContent-Length: 4000000000'), /breaks off|hang up|aborted/],
    ['that does not speak HTTP', framed(ANSWER), /parse/i],
  ])('%s', async (_, bytes, reason) => {
    await using proxy = await startProxy(sending(bytes));
    await expect(ask(proxy.port)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: expect.stringMatching(reason) }],
    });
  });

  it.each<[string, string, () => Uint8Array]>([
    ['before its head', '', () => Buffer.of(0x0d, 0x0a)],
    ['in its head', 'HTTP/1.1 200 OK\r\nX: ', () => Buffer.from('x')],
    ['in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n', () => Buffer.of(0x30)],
    [
      'in chunks without end',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      () => chunk(Buffer.of(1)),
    ],
    [
      'in the name of a chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=',
      () => Buffer.from('x'),
    ],
    ['with words in between', '', () => http('103 Early Hints', Buffer.of())],
    ['with leave to go on', '', () => http('100 Continue', Buffer.of())],
  ])('that drips %s, and is left in time', async (_, head, drop) => {
    await using proxy = await startProxy(socket => {
      socket.write(head);
      const drip = setInterval(() => socket.write(drop()), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const started = performance.now();
    await expect(ask(proxy.port, 0.5)).rejects.toMatchObject({
      code: 'KDC_UNREACHABLE',
      attempts: [{ reason: 'no answer' }],
    });
    expect(performance.now() - started).toBeLessThan(8000);
    await expect.poll(() => proxy.open).toBe(0);
  });

  it('that speaks no TLS, or nothing at all', async () => {
    let bytes: Uint8Array = http('200 OK');
    const server = createPlainServer(socket => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(bytes));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(ask(port)).rejects.toMatchObject({
      attempts: [{ reason: expect.stringMatching(/SSL|TLS/) }],
    });
    bytes = Buffer.of();
    await expect(ask(port, 0.3)).rejects.toMatchObject({ attempts: [{ reason: 'no answer' }] });
    server.close();
  });

  it('whose certificate is of another name or of another authority, and is told nothing', async () => {
    for (const certified of [
      authority.issue('localhost.test', '127.0.0.1'),
      createAuthority().issue('localhost'),
    ]) {
      await using proxy = await startProxy(sending(http('200 OK')), certified);
      await expect(ask(proxy.port)).rejects.toMatchObject({
        code: 'KDC_UNREACHABLE',
        attempts: [{ reason: expect.stringMatching(/altnames|unable to verify|certificate/i) }],
      });
      expect(proxy.asked).toBe(0);
    }
  });
});
