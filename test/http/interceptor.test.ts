import { Agent, Client, request } from 'undici';
import { expect, it } from 'vitest';
import { negotiateInterceptor } from '../../src/http/interceptor.ts';
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
