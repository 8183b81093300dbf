import { Readable, Writable } from 'node:stream';
import { Agent, Client, fetch, type RequestInit, request, stream } from 'undici';
import { describe, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import { type InterceptorOptions, negotiateInterceptor } from '../../src/http/interceptor.ts';
import type { OpenContext } from '../../src/http/options.ts';
import { fakeOpen, startServer } from './fake.ts';

it('a path does not decide whom to authenticate to', async () => {
  const server = await startServer();
  const open = fakeOpen();
  const agent = new Agent();
  const { origin } = new URL(server.url);
  const dispatcher = agent.compose(negotiateInterceptor({ open, hosts: ['intranet.test'] }));
  for (const path of ['//intranet.test/x', 'http://intranet.test/x']) {
    const { statusCode, body } = await dispatcher.request({ origin, path, method: 'GET' });
    await body.dump();
    expect([path, statusCode]).toEqual([path, 401]);
  }
  expect([open.asked, server.requests.map(({ authorization }) => authorization)]).toEqual([
    [],
    [undefined, undefined],
  ]);
  await agent.destroy();
  await server.close();
});

it.each([
  ['is told where it leads', true, 200],
  ['says nothing where that is not known', false, 401],
])('a client of one origin %s', async (_, told, status) => {
  const server = await startServer();
  const client = new Client(server.url);
  const origin = told ? server.url : undefined;
  const dispatcher = client.compose(negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'], origin }));
  const { statusCode, body } = await dispatcher.request({ path: '/', method: 'GET' });
  await body.dump();
  expect(statusCode).toBe(status);
  await client.destroy();
  await server.close();
});

it.each([
  ['a list', ['x-a', '1', 'x-a', '2']],
  ['pairs', new Headers([['x-a', '1, 2']])],
  ['pairs that come again', new Map([['x-a', ['1', '2']]])],
  ['an object', { 'x-a': ['1', '2'], 'x-b': undefined }],
])('headers that are %s are sent as they are', async (_, headers) => {
  const seen: unknown[] = [];
  const server = await startServer({
    respond: ({ headers }, response) => {
      seen.push(headers['x-a']);
      response.end();
    },
  });
  const agent = new Agent();
  const dispatcher = agent.compose(negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'] }));
  const { statusCode, body } = await request(server.url, { dispatcher, headers: headers as string[] });
  await body.dump();
  expect([statusCode, seen]).toEqual([200, ['1, 2']]);
  await agent.destroy();
  await server.close();
});

it.each([
  ['asked', false],
  ['unasked', true],
])('a request can be aborted while a ticket is fetched for what is said %s', async (_, preemptive) => {
  const server = await startServer();
  const stop = new AbortController();
  const reason = new Error('enough');
  const open: OpenContext = ({ signal }) => {
    setTimeout(() => stop.abort(reason), 10);
    return new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(new KerberosError('ABORTED', 'given up'))),
    );
  };
  const agent = new Agent();
  const dispatcher = agent.compose(negotiateInterceptor({ open, hosts: ['localhost'], preemptive }));
  await expect(request(server.url, { dispatcher, signal: stop.signal })).rejects.toBe(reason);
  await expect(fetch(server.url, { dispatcher, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(server.requests.length).toBe(preemptive ? 0 : 1);
  await agent.destroy();
  await server.close();
});

it('a request made with a signal that is aborted asks for no ticket', async () => {
  const open = fakeOpen();
  const agent = new Agent();
  const interceptor = negotiateInterceptor({ open, hosts: ['localhost'], preemptive: true });
  const asking = request('http://localhost:1', {
    dispatcher: agent.compose(interceptor),
    signal: AbortSignal.abort(),
  });
  await expect(asking).rejects.toThrow('aborted');
  expect(open.asked).toEqual([]);
  await agent.destroy();
});

it('a reader that is slow holds up the response after it has been proved, too', async () => {
  const long = Buffer.alloc(1 << 20, 'x');
  const server = await startServer({ respond: (_, response) => response.end(long) });
  const agent = new Agent();
  const dispatcher = agent.compose(negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'] }));
  const read: Buffer[] = [];
  let most = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      read.push(chunk);
      most = Math.max(most, slow.writableLength);
      setTimeout(done, 1);
    },
  });
  await stream(server.url, { dispatcher, method: 'GET' }, () => slow);
  expect(Buffer.concat(read).equals(long)).toBe(true);
  expect(most).toBeLessThan(long.length / 2);
  await agent.destroy();
  await server.close();
});

describe('a body', () => {
  const text = 'a body that comes in pieces'.repeat(20_000);

  async function* pieces(failure?: Error): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += 5000) yield Buffer.from(text.slice(at, at + 5000));
    if (failure) throw failure;
  }

  /** The status, and the body of each request that had credentials. */
  async function post(body: unknown, options: Partial<InterceptorOptions> = {}) {
    const server = await startServer({
      respond(request, response) {
        if (request.readableEnded) response.end();
        else request.once('end', () => response.end());
      },
    });
    const agent = new Agent();
    const interceptor = negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'], ...options });
    const dispatcher = agent.compose(interceptor);
    try {
      const init = { method: 'POST', body, duplex: 'half', dispatcher } as RequestInit;
      const { status } = await fetch(server.url, init);
      const authorized = server.requests.filter(({ authorization }) => authorization !== undefined);
      return { status, same: authorized.map(request => request.body === text) };
    } finally {
      await agent.destroy();
      await server.close();
    }
  }

  it.each([
    ['text', text],
    ['bytes', Buffer.from(text)],
    ['a stream', Readable.from(pieces())],
    ['a generator', pieces()],
  ])('that is %s is sent again with credentials', async (_, body) => {
    expect(await post(body)).toEqual({ status: 200, same: [true] });
  });

  it('that is longer than `bodyLimit` is sent only once', async () => {
    const bodyLimit = text.length - 1;
    expect(await post(text, { bodyLimit })).toEqual({ status: 401, same: [] });
    expect(await post(text, { bodyLimit, preemptive: true })).toEqual({ status: 200, same: [true] });
  });

  it('that fails is an error, and what is not wanted of it is let go', async () => {
    await expect(post(pieces(new Error('no more')))).rejects.toThrow();
    const endless = new Readable({ read: () => undefined });
    endless.push('begun');
    const server = await startServer({ refuse: true });
    const agent = new Agent();
    const interceptor = negotiateInterceptor({ open: fakeOpen(), hosts: ['elsewhere', 'localhost'] });
    const stop = new AbortController();
    const asking = request(server.url, {
      dispatcher: agent.compose(interceptor),
      method: 'POST',
      body: endless,
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 100);
    await asking.then(({ body }) => body.dump()).catch(() => undefined);
    await expect.poll(() => endless.destroyed).toBe(true);
    await agent.destroy();
    await server.close();
  });
});
