import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import Koa from 'koa';
import { Agent, request } from 'undici';
import { expect, it } from 'vitest';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { negotiateInterceptor } from '../../src/http/interceptor.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { authenticated } from '../../src/http/server.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import { fakeAccept, fakeOpen, startServer } from './fake.ts';

const negotiate = negotiateServer({ keytab: memoryKeytab('none'), accept: fakeAccept() });

it('serves Express as middleware', async () => {
  const app = express();
  app.use(negotiate.middleware);
  app.get('/', (request, response) => {
    response.json({ who: authenticated(request)?.name });
  });
  await expectAlice(app);
});

it('serves Express where it is mounted twice', async () => {
  const accept = fakeAccept();
  let accepted = 0;
  const { middleware } = negotiateServer({
    keytab: memoryKeytab('none'),
    accept(request) {
      accepted++;
      return accept(request);
    },
  });
  const app = express();
  app.use(middleware);
  app.get('/', middleware, (request, response) => {
    response.json({ who: authenticated(request)?.name });
  });
  await expectAlice(app);
  // A token is good for once.
  expect(accepted).toBe(1);
});

it('serves Fastify as a hook', async () => {
  const app = fastify();
  app.addHook('onRequest', async ({ raw }, reply) => {
    if ((await negotiate.authenticate(raw, reply.raw)) === undefined) reply.hijack();
  });
  app.get('/', request => ({ who: authenticated(request)?.name }));
  await app.ready();
  await expectAlice((request, response) => app.routing(request, response));
  await app.close();
});

it('serves Koa as middleware', async () => {
  const app = new Koa();
  app.use(async (context, next) => {
    if (await negotiate.authenticate(context.req, context.res)) await next();
    else context.respond = false;
  });
  app.use(context => {
    context.body = { who: authenticated(context)?.name };
  });
  await expectAlice(app.callback());
});

async function expectAlice(listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Negotiate']);
  const response = await negotiateFetch({ open: fakeOpen() })(url);
  expect([response.status, await response.json()]).toEqual([200, { who: 'alice@A.TEST' }]);
  server.close().closeAllConnections();
}

it.each([
  ['asked', {}, ['POST', 'POST']],
  ['unasked', { preemptive: true }, ['POST']],
])('an undici dispatcher authenticates when %s', async (_, options, methods) => {
  const server = await startServer();
  const dispatcher = new Agent().compose(
    negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'], ...options }),
  );
  const { statusCode, body } = await request(server.url, {
    dispatcher,
    method: 'POST',
    body: 'data',
    headers: { 'x-more': 'kept' },
  });
  expect([statusCode, await body.text()]).toEqual([200, 'hello']);
  expect(server.requests.map(({ method }) => method)).toEqual(methods);
  expect(server.requests.map(({ body }) => body)).toEqual(methods.map(() => 'data'));
  await dispatcher.close();
  await server.close();
});

it.each([
  ['without proof', '', { code: 'MUTUAL_FAILED' }],
  ['with the wrong proof', 'lie', { code: 'GSS' }],
])('an undici dispatcher refuses a response %s', async (_, proof, error) => {
  const server = await startServer({ proof });
  const dispatcher = new Agent().compose(negotiateInterceptor({ open: fakeOpen(), hosts: ['localhost'] }));
  await expect(request(server.url, { dispatcher })).rejects.toMatchObject(error);
  await dispatcher.destroy();
  await server.close();
});

it('an undici dispatcher leaves other hosts and other challenges alone', async () => {
  const server = await startServer();
  const dispatcher = new Agent().compose(negotiateInterceptor({ open: fakeOpen(), hosts: ['example.com'] }));
  const { statusCode, headers, body } = await request(server.url, { dispatcher });
  expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Negotiate']);
  await body.dump();
  await dispatcher.destroy();
  await server.close();
});
