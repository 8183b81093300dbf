import { Agent, createServer, request as httpRequest, type RequestListener } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { negotiated } from '../../src/http/options.ts';
import { negotiateProxyAgent } from '../../src/http/proxy-agent.ts';
import { negotiateRequest } from '../../src/http/request.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { createAuthority } from '../support/certificates.ts';
import { fakeOpen, startServer, type TestServer, type TestServerOptions } from './fake.ts';

const servers: TestServer[] = [];

async function serve(options?: TestServerOptions): Promise<TestServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()));
});

const big = 'x'.repeat(3_000_000);

describe('negotiateFetch', () => {
  it('answers a challenge on the same connection, and tells who authenticated to whom', async () => {
    const server = await serve();
    const open = fakeOpen();
    const response = await negotiateFetch({ open })(`${server.url}/a?b#c`);
    expect([response.status, await response.text(), response.url]).toEqual([
      200,
      'hello',
      `${server.url}/a?b`,
    ]);
    expect(server.requests.map(({ connection, url }) => [connection, url])).toEqual([
      [0, '/a?b'],
      [0, '/a?b'],
    ]);
    const { initiator, acceptor, mutual } = negotiated(response)!;
    expect([initiator, acceptor].map(name => formatPrincipal(name))).toEqual([
      'alice@A.TEST',
      'HTTP/localhost@A.TEST',
    ]);
    expect(mutual).toBe(true);
    expect(open.asked).toMatchObject([{ host: 'localhost', delegation: 'none' }]);
  });

  it('keeps a connection for the next request, as often as there are some', async () => {
    const server = await serve();
    const fetch = negotiateFetch({ open: fakeOpen() });
    for (let i = 0; i < 15; i++) expect(await (await fetch(server.url)).text()).toBe('hello');
    expect(new Set(server.requests.map(({ connection }) => connection)).size).toBe(1);
  });

  it('saves a round where it is to authenticate unasked', async () => {
    const server = await serve();
    const response = await negotiateFetch({ open: fakeOpen(), preemptive: true })(server.url);
    expect([response.status, server.requests.length]).toEqual([200, 1]);
  });

  it('says nothing to a server that does not ask', async () => {
    const server = await serve({ open: () => true });
    const response = await negotiateFetch({ open: fakeOpen() })(server.url);
    expect(negotiated(response)).toBeUndefined();
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('goes through as many legs as it takes, all on one connection', async () => {
    const server = await serve({ legs: 3 });
    const response = await negotiateFetch({ open: fakeOpen({ legs: 3 }) })(server.url);
    expect(response.status).toBe(200);
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 0, 0]);
  });

  it('refuses a response without proof, unless that is optional', async () => {
    const server = await serve({ proof: '' });
    await expect(negotiateFetch({ open: fakeOpen() })(server.url)).rejects.toMatchObject({
      code: 'MUTUAL_FAILED',
    });
    const response = await negotiateFetch({ open: fakeOpen(), mutual: 'optional' })(server.url);
    expect([response.status, negotiated(response)]).toEqual([200, undefined]);
  });

  it.each(['required', 'optional'] as const)(
    'refuses a response with the wrong proof where it is %s',
    async mutual => {
      const server = await serve({ proof: 'lie' });
      await expect(negotiateFetch({ open: fakeOpen(), mutual })(server.url)).rejects.toMatchObject({
        code: 'GSS',
      });
    },
  );

  it('hands over the 401 of a server that knows no Negotiate, or does not want us', async () => {
    const basic = await serve({
      open: () => true,
      respond: (_, response) =>
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x, Negotiate"' }).end('no'),
    });
    const response = await negotiateFetch({ open: fakeOpen() })(basic.url);
    expect([response.status, await response.text()]).toEqual([401, 'no']);
    const stubborn = await serve({
      open: () => true,
      respond: (_, response) => response.writeHead(401, { 'WWW-Authenticate': 'Negotiate' }).end(),
    });
    expect((await negotiateFetch({ open: fakeOpen() })(stubborn.url)).status).toBe(401);
    expect(stubborn.requests).toHaveLength(2);
  });

  it('tells why a server refuses that says so in a token', async () => {
    const server = await serve({ refuse: true });
    await expect(negotiateFetch({ open: fakeOpen() })(server.url)).rejects.toMatchObject({ code: 'GSS' });
  });

  it('leaves an Authorization header of the caller alone', async () => {
    const server = await serve();
    const response = await negotiateFetch({ open: fakeOpen() })(server.url, {
      headers: { Authorization: 'Basic eA==' },
    });
    expect(response.status).toBe(401);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Basic eA==']);
  });

  it('goes on where the server closes the connection with its challenge', async () => {
    const server = await serve();
    server.server.prependListener('request', (request, response) => {
      if (request.headers.authorization === undefined) response.setHeader('Connection', 'close');
    });
    const response = await negotiateFetch({ open: fakeOpen() })(server.url);
    expect([response.status, server.requests.map(({ connection }) => connection)]).toEqual([200, [0, 1]]);
  });

  it('decodes what it asked for encoded', async () => {
    const server = await serve({
      respond: (_, response) =>
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('packed')),
    });
    expect(await (await negotiateFetch({ open: fakeOpen() })(server.url)).text()).toBe('packed');
  });

  it('gives up when it is told to', async () => {
    const server = await serve({ respond: () => undefined });
    const stop = new AbortController();
    const fetched = negotiateFetch({ open: fakeOpen() })(server.url, { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('fails as fetch does where nobody listens', async () => {
    const server = await startServer();
    await server.close();
    await expect(negotiateFetch({ open: fakeOpen() })(server.url)).rejects.toThrow(TypeError);
  });
});

describe('a body', () => {
  it.each([
    ['text', () => 'data', 'data'],
    ['bytes', () => Buffer.from('data'), 'data'],
    ['a form', () => new URLSearchParams({ a: 'b' }), 'a=b'],
    ['a short stream', () => new Blob(['data']).stream(), 'data'],
  ])('that is %s is sent with both requests', async (_, body, text) => {
    const server = await serve();
    const response = await negotiateFetch({ open: fakeOpen() })(server.url, {
      method: 'POST',
      body: body(),
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(200);
    expect(server.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', text],
      ['POST', text],
    ]);
  });

  it('that is a long stream is sent once the server has been asked what it wants', async () => {
    const server = await serve({ respond: readFirst });
    const response = await negotiateFetch({ open: fakeOpen() })(server.url, streamed());
    expect(response.status).toBe(200);
    expect(server.requests.map(({ method, body }) => [method, body.length])).toEqual([
      ['HEAD', 0],
      ['POST', big.length],
    ]);
  });

  it('that is a long stream is sent at once with credentials, or where none are wanted', async () => {
    const server = await serve({ respond: readFirst });
    await negotiateFetch({ open: fakeOpen(), preemptive: true })(server.url, streamed());
    expect(server.requests.map(({ method }) => method)).toEqual(['POST']);
    const other = await serve({ open: () => true, respond: readFirst });
    expect((await negotiateFetch({ open: fakeOpen() })(other.url, streamed())).status).toBe(200);
    expect(other.requests.map(({ method, body }) => [method, body.length])).toEqual([
      ['HEAD', 0],
      ['POST', big.length],
    ]);
  });

  it('that is a long stream cannot be sent for a second leg', async () => {
    const server = await serve({ legs: 2 });
    const fetched = negotiateFetch({ open: fakeOpen({ legs: 2 }) })(server.url, streamed());
    await expect(fetched).rejects.toMatchObject({ code: 'HTTP' });
  });

  it('that is a stream is long if it has more bytes than `bodyLimit`', async () => {
    const methods = async (bodyLimit: number): Promise<readonly string[]> => {
      const server = await serve({ respond: readFirst });
      const body = new Blob(['data']).stream();
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
      const response = await negotiateFetch({ open: fakeOpen(), bodyLimit })(server.url, init);
      expect(response.status).toBe(200);
      return server.requests.map(({ method }) => method);
    };
    expect(await methods(4)).toEqual(['POST', 'POST']);
    expect(await methods(3)).toEqual(['HEAD', 'POST']);
  });

  const readFirst: RequestListener = (request, response) => {
    request.resume().once('end', () => response.end('read'));
  };

  function streamed(): RequestInit {
    return { method: 'POST', body: new Blob([big]).stream(), duplex: 'half' } as RequestInit;
  }
});

describe('a redirect', () => {
  it('to the same host is followed with a negotiation of its own', async () => {
    const server = await serve({
      respond: (request, response) =>
        request.url === '/' ? response.writeHead(302, { Location: '/next' }).end() : response.end('there'),
    });
    const response = await negotiateFetch({ open: fakeOpen() })(server.url);
    expect([response.redirected, response.url, await response.text()]).toEqual([
      true,
      `${server.url}/next`,
      'there',
    ]);
    const said = server.requests.map(({ url, authorization }) => [url, authorization !== undefined]);
    expect(said).toEqual([
      ['/', false],
      ['/', true],
      ['/next', false],
      ['/next', true],
    ]);
  });

  it('to another host takes no credentials there unless that host may have some', async () => {
    const other = await serve();
    const otherUrl = `http://127.0.0.1:${other.port}/`;
    const server = await serve({
      respond: (_, response) => response.writeHead(307, { Location: otherUrl }).end(),
    });
    const open = fakeOpen();
    expect((await negotiateFetch({ open })(server.url, { headers: { Cookie: 'a=b' } })).status).toBe(401);
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(open.asked.map(({ host }) => host)).toEqual(['localhost']);

    const hosts = ['localhost', '127.0.0.1'];
    const response = await negotiateFetch({ open, hosts })(server.url);
    expect([response.status, response.url]).toEqual([200, otherUrl]);
    expect(open.asked.map(({ host }) => host)).toEqual(['localhost', 'localhost', '127.0.0.1']);
  });

  it('is not followed, or an error, where that is wanted, and some have no end', async () => {
    const server = await serve({
      respond: (_, response) => response.writeHead(302, { Location: '/' }).end(),
    });
    const fetch = negotiateFetch({ open: fakeOpen() });
    expect((await fetch(server.url, { redirect: 'manual' })).status).toBe(302);
    await expect(fetch(server.url, { redirect: 'error' })).rejects.toThrow(TypeError);
    await expect(fetch(server.url)).rejects.toThrow('redirect count exceeded');
  });

  it('turns POST into GET as fetch does, or keeps it', async () => {
    const server = await serve({
      respond: (request, response) =>
        request.url === '/done'
          ? response.end()
          : response.writeHead(Number(request.url!.slice(1)), { Location: '/done' }).end(),
    });
    const fetch = negotiateFetch({ open: fakeOpen(), preemptive: true });
    for (const status of [301, 302, 303, 307, 308])
      await fetch(`${server.url}/${status}`, { method: 'POST', body: 'b' });
    const done = server.requests
      .filter(({ url }) => url === '/done')
      .map(({ method, body }) => method + body);
    expect(done).toEqual(['GET', 'GET', 'GET', 'POSTb', 'POSTb']);
  });
});

describe('over TLS', () => {
  const authority = createAuthority();
  const { certificate: cert, key } = authority.issue('localhost');
  const tls = { ca: authority.certificate };

  it('a context is bound to the certificate on both sides, unless that is not wanted', async () => {
    const server = await serve({ tls: { cert, key } });
    const open = fakeOpen();
    expect((await negotiateFetch({ open, tls })(server.url)).status).toBe(200);
    const [{ channelBindings } = {}] = open.asked;
    expect(Buffer.from(channelBindings!.applicationData).toString('latin1')).toMatch(
      /^tls-server-end-point:/,
    );
    const unbound = negotiateFetch({ open: fakeOpen(), tls, channelBindings: false })(server.url);
    await expect(unbound).rejects.toMatchObject({ code: 'GSS' });
  });

  it('a token that is sent unasked is bound as well', async () => {
    const server = await serve({ tls: { cert, key } });
    const fetch = negotiateFetch({ open: fakeOpen(), tls, preemptive: true });
    for (let i = 0; i < 3; i++) expect(await (await fetch(server.url)).text()).toBe('hello');
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 0]);
  });

  it('a redirect to http takes no credentials there, whatever hosts say', async () => {
    const plain = await serve();
    const server = await serve({
      tls: { cert, key },
      respond: (_, response) => response.writeHead(302, { Location: plain.url }).end(),
    });
    const response = await negotiateFetch({ open: fakeOpen(), tls, hosts: () => true })(server.url);
    expect([response.status, response.url]).toEqual([401, `${plain.url}/`]);
    expect(plain.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('nothing is said to a server that nobody vouches for', async () => {
    const server = await serve({ tls: { cert, key } });
    await expect(negotiateFetch({ open: fakeOpen() })(server.url)).rejects.toThrow(TypeError);
    expect(server.requests).toEqual([]);
  });
});

describe('a proxy', () => {
  /** A proxy that wants to know who asks: per request in the open, and for each tunnel. */
  async function startProxy(): Promise<{ readonly url: string; readonly lines: string[]; close(): void }> {
    const lines: string[] = [];
    const refused = 'Proxy-Authenticate: Negotiate';
    const known = (authorization: string | undefined): boolean =>
      authorization?.startsWith('Negotiate ') === true;
    const proxy = createServer((request, response) => {
      const { 'proxy-authorization': authorization, ...headers } = request.headers;
      lines.push(`${request.method} ${request.url}`);
      if (!known(authorization)) {
        response.writeHead(407, { 'Proxy-Authenticate': 'Negotiate' }).end('who?');
        return;
      }
      const onward = httpRequest(request.url!, { method: request.method!, headers }, answer => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    proxy.on('connect', (request, socket) => {
      lines.push(`CONNECT ${request.url}`);
      socket.on('error', () => undefined);
      if (!known(request.headers['proxy-authorization'])) {
        socket.end(`HTTP/1.1 407 Who\r\n${refused}\r\nConnection: close\r\n\r\n`);
        return;
      }
      const far = connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        far.pipe(socket);
        socket.pipe(far);
      });
      far.on('error', () => socket.destroy());
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    return { url, lines, close: () => void proxy.close().closeAllConnections() };
  }

  it('in the open is told who asks, and so is the server behind it', async () => {
    const [server, proxy] = [await serve(), await startProxy()];
    const open = fakeOpen();
    const response = await negotiateFetch({ open, proxy: proxy.url })(`${server.url}/x`);
    expect([response.status, await response.text()]).toEqual([200, 'hello']);
    expect(new Set(proxy.lines)).toEqual(new Set([`GET ${server.url}/x`]));
    expect(open.asked.map(({ host }) => host)).toEqual(['127.0.0.1', 'localhost', '127.0.0.1']);
    proxy.close();
  });

  it('is told who asks for a tunnel, and the server in it is bound to its certificate', async () => {
    const authority = createAuthority();
    const { certificate: cert, key } = authority.issue('localhost');
    const [server, proxy] = [await serve({ tls: { cert, key } }), await startProxy()];
    const open = fakeOpen();
    const fetch = negotiateFetch({ open, proxy: () => proxy.url, tls: { ca: authority.certificate } });
    for (let i = 0; i < 2; i++) expect(await (await fetch(server.url)).text()).toBe('hello');
    expect(proxy.lines).toEqual([`CONNECT localhost:${server.port}`, `CONNECT localhost:${server.port}`]);
    expect(open.asked.map(({ host }) => host)).toEqual(['127.0.0.1', 'localhost', 'localhost']);
    proxy.close();
  });

  it('is told who asks by an agent, for requests of any client of node:https', async () => {
    const authority = createAuthority();
    const { certificate: cert, key } = authority.issue('localhost');
    const [server, proxy] = [await serve({ tls: { cert, key }, open: () => true }), await startProxy()];
    const open = fakeOpen();
    const agent = negotiateProxyAgent(proxy.url, { open, agent: { keepAlive: true } });
    const ask = (options = {}) =>
      new Promise<string>((resolve, reject) => {
        let text = '';
        httpsRequest(server.url, { agent, ca: authority.certificate, ...options }, answer => {
          answer.on('data', chunk => {
            text += String(chunk);
          });
        })
          .on('error', reject)
          .on('close', () => setImmediate(resolve, text))
          .end();
      });
    expect(await ask()).toBe('hello');
    expect(await ask()).toBe('hello');
    expect([proxy.lines.length, open.asked.map(({ host }) => host)]).toEqual([2, ['127.0.0.1']]);
    await expect(ask({ ca: undefined })).rejects.toThrow(/certificate/);
    await expect(ask({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    agent.destroy();
    const refused = negotiateProxyAgent(server.url, { open, tls: { ca: authority.certificate } });
    await expect(ask({ agent: refused })).rejects.toThrow();
    await expect(ask({ key: 'no key' })).rejects.toThrow();
    proxy.close();
  });

  it('that does not answer is given up by an agent', async () => {
    const silent = createTcpServer(socket => void socket.on('error', () => undefined));
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const agent = negotiateProxyAgent(`http://127.0.0.1:${port}`, { open: fakeOpen() });
    const asking = new Promise((resolve, reject) => {
      httpsRequest('https://localhost:1/', { agent, timeout: 50 })
        .on('error', reject)
        .on('response', resolve)
        .end();
    });
    await expect(asking).rejects.toMatchObject({ code: 'HTTP' });
    silent.close();
  });

  it('that refuses a tunnel is an error', async () => {
    const proxy = await startServer();
    const fetched = negotiateFetch({ open: fakeOpen(), proxy: proxy.url })('https://localhost:1/');
    await expect(fetched).rejects.toThrow();
    await proxy.close();
  });
});

describe('hosts', () => {
  it.each([
    [['localhost'], 200],
    [['LOCALHOST.'], 200],
    [['*.localhost'], 401],
    [['example.com'], 401],
    [[], 401],
  ])('%j decide about localhost: %i', async (hosts, status) => {
    const server = await serve();
    expect((await negotiateFetch({ open: fakeOpen(), hosts })(server.url)).status).toBe(status);
  });
});

describe('negotiateRequest', () => {
  it('resolves to the response of node:http, over connections that an agent makes', async () => {
    const server = await serve();
    const agent = new Agent();
    let made = 0;
    const createConnection = agent.createConnection.bind(agent);
    const http = {
      createConnection(options: object) {
        made++;
        return createConnection(options);
      },
    };
    const response = await negotiateRequest({ open: fakeOpen(), agents: { http } })(server.url, {
      method: 'PUT',
      body: 'data',
    });
    expect([response.statusCode, made]).toEqual([200, 1]);
    expect(negotiated(response)).toBeDefined();
    response.resume();
  });

  it('tries again where a connection that was kept has been closed', async () => {
    const server = await serve();
    const request = negotiateRequest({ open: fakeOpen() });
    for await (const _ of await request(server.url)) void _;
    let cut = false;
    server.server.on('connection', () => undefined);
    server.server.prependListener('request', request => {
      if (cut) return;
      cut = true;
      request.socket.resetAndDestroy();
    });
    expect((await request(server.url)).statusCode).toBe(200);
  });
});
