import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KdcProxyMessage } from '../../src/messages/proxy.ts';
import { type Certified, createAuthority } from '../support/certificates.ts';
import { ANSWER, framed, REQUEST, transportTo } from './fake-kdc.ts';

const authority = createAuthority();
const localhost = authority.issue('localhost', '127.0.0.1');
let folder: string;
let anchors: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-https-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  anchors = `FILE:${join(folder, 'ca.pem')}`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Proxy extends AsyncDisposable {
  readonly port: number;
  readonly seen: { method: string; path: string; type: string; body: Buffer }[];
}

async function startProxy(
  answer: RequestListener,
  { certificate, key }: Certified = localhost,
): Promise<Proxy> {
  const seen: Proxy['seen'] = [];
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, path, type: headers['content-type'] ?? '', body: Buffer.concat(chunks) });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const proxied = (message: Uint8Array): Uint8Array => KdcProxyMessage.encode({ kerbMessage: framed(message) });
const answering: RequestListener = (_, response) => void response.end(proxied(ANSWER));

/** A transport to that proxy, with the realm's `http_anchors`. */
function through(url: string, { trusted = anchors, timeout = 10 } = {}) {
  const lines = trusted === '' ? [] : [`http_anchors = ${trusted}`];
  return transportTo([`${url}\n${lines.join('\n')}`], { timeout })('A.TEST', REQUEST);
}

const reasons = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => expect.unreachable(),
    error => error.attempts.map(({ reason }: { reason: string }) => reason).join(),
  );

describe('a KDC proxy', () => {
  it('gets the request and its realm by POST, and gives the reply', async () => {
    await using proxy = await startProxy(answering);
    expect(Buffer.from(await through(`https://localhost:${proxy.port}/KdcProxy`)).equals(ANSWER)).toBe(true);
    expect(proxy.seen).toMatchObject([{ method: 'POST', path: '/KdcProxy', type: 'application/kerberos' }]);
    const { kerbMessage, targetDomain } = KdcProxyMessage.decode(proxy.seen[0]!.body);
    expect(Buffer.from(kerbMessage).equals(framed(REQUEST))).toBe(true);
    expect(targetDomain).toBe('A.TEST');
  });

  it('is asked at the usual path where the URL names none, and at its own else', async () => {
    await using proxy = await startProxy(answering);
    await through(`https://localhost:${proxy.port}`);
    await through(`https://127.0.0.1:${proxy.port}/else/where`);
    expect(proxy.seen.map(({ path }) => path)).toEqual(['/KdcProxy', '/else/where']);
  });

  it('is believed by the certificates of a directory as well', async () => {
    await using proxy = await startProxy(answering);
    await through(`https://localhost:${proxy.port}/`, { trusted: `DIR:${folder}` });
    expect(proxy.seen).toHaveLength(1);
  });

  it('is believed though other links of the directory lead nowhere', async () => {
    symlinkSync('removed.pem', join(folder, '0a1b2c3d.0'));
    mkdirSync(join(folder, 'folder.pem'));
    await using proxy = await startProxy(answering);
    await through(`https://localhost:${proxy.port}/`, { trusted: `DIR:${folder}` });
    expect(proxy.seen).toHaveLength(1);
  });

  it('is not believed without a certificate that is vouched for', async () => {
    await using proxy = await startProxy(answering);
    expect(await reasons(through(`https://localhost:${proxy.port}/`, { trusted: '' }))).toMatch(
      /self.signed|unable to (get|verify)/i,
    );
    expect(proxy.seen).toEqual([]);
  });

  it('is not believed with a certificate for another name', async () => {
    await using proxy = await startProxy(answering, authority.issue('elsewhere.test'));
    expect(await reasons(through(`https://localhost:${proxy.port}/`))).toMatch(/altnames/i);
    expect(proxy.seen).toEqual([]);
  });

  it.each<[string, RequestListener, RegExp]>([
    ['answers with an error', (_, response) => void response.writeHead(503).end(), /status 503/],
    [
      'sends elsewhere',
      (_, response) => void response.writeHead(302, { Location: 'https://localhost:1/' }).end(),
      /status 302/,
    ],
    ['answers with something else', (_, response) => void response.end('<html>'), /not from a KDC proxy/],
    [
      'answers with a wrong length',
      (_, response) =>
        void response.end(KdcProxyMessage.encode({ kerbMessage: Uint8Array.of(0, 0, 0, 9, 0x6b) })),
      /length is wrong/,
    ],
    ['answers without end', (_, response) => void response.end(Buffer.alloc(3 << 20)), /too long/],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'Content-Length': 100 });
        response.write('x', () => response.destroy());
      },
      /breaks off|aborted|hang up|ECONNRESET/,
    ],
  ])('that %s is no way to a KDC', async (_, answer, reason) => {
    await using proxy = await startProxy(answer);
    expect(await reasons(through(`https://localhost:${proxy.port}/`))).toMatch(reason);
  });

  it('that says nothing is given up in time', async () => {
    await using proxy = await startProxy(() => undefined);
    expect(await reasons(through(`https://localhost:${proxy.port}/`, { timeout: 0.5 }))).toBe('no answer');
  });

  it('needs a URL that is one', async () => {
    await expect(through('https://[')).rejects.toMatchObject({ code: 'CONFIG_VALUE' });
  });
});
