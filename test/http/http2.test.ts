import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatNegotiate } from '../../src/http/challenge.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { authenticated } from '../../src/http/server.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import { fakeAccept } from './fake.ts';

let server: Http2Server;
let session: ClientHttp2Session;

beforeAll(async () => {
  const negotiate = negotiateServer({ keytab: memoryKeytab('none'), accept: fakeAccept() });
  server = createServer(
    negotiate((request, response, client) => {
      response.end(`${client.name} ${authenticated(request)?.name} ${request.stream.id}`);
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(async () => {
  session.destroy();
  await new Promise(resolve => server.close(resolve));
});

async function visit(authorization?: string) {
  const stream = session.request({ ':path': '/', ...(authorization && { authorization }) });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
  const body = await stream.setEncoding('utf8').reduce((text: string, part: string) => text + part, '');
  return { status: headers[':status'], challenge: headers['www-authenticate'], body };
}

it('authenticates each request over HTTP/2, however many share a connection', async () => {
  const leg = formatNegotiate(Buffer.from('leg 1 to localhost unbound'));
  const visits = await Promise.all([visit(), visit(leg), visit('Negotiate ???'), visit(leg), visit()]);
  const proof = formatNegotiate(Buffer.from('proof'));
  expect(visits.map(({ status, challenge }) => [status, challenge])).toEqual([
    [401, 'Negotiate'],
    [200, proof],
    [401, 'Negotiate'],
    [200, proof],
    [401, 'Negotiate'],
  ]);
  expect(visits[1]!.body).toBe('alice@A.TEST alice@A.TEST 3');
  expect(visits[3]!.body).toBe('alice@A.TEST alice@A.TEST 7');
});
