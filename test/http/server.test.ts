import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { formatNegotiate } from '../../src/http/challenge.ts';
import { freshKeytab } from '../../src/http/fresh-keytab.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { authenticated } from '../../src/http/server.ts';
import { type Keytab, resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { startServer, type TestServer, type TestServerOptions } from './fake.ts';

const servers: TestServer[] = [];

async function serve(options?: TestServerOptions): Promise<TestServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()));
});

function brokenKeytab(): Keytab {
  return { ...resolveKeytab('MEMORY:broken'), entries: () => Promise.reject(new Error('broken')) };
}

const token = (text: string): string => formatNegotiate(Buffer.from(text));
const leg = (number: number): string => token(`leg ${number} to localhost unbound`);

describe('a server', () => {
  it('asks who it is, and tells the handler and whoever has the request', async () => {
    const server = await serve({
      respond: (request, response) => response.end(authenticated(request)?.name),
    });
    const first = await fetch(server.url);
    expect([first.status, first.headers.get('www-authenticate')]).toEqual([401, 'Negotiate']);
    const second = await fetch(server.url, { headers: { Authorization: leg(1) } });
    expect([second.status, second.headers.get('www-authenticate'), await second.text()]).toEqual([
      200,
      token('proof'),
      'alice@A.TEST',
    ]);
  });

  it.each([
    ['another scheme', 'Basic eDp5'],
    ['no token', 'Negotiate'],
    ['no base64', 'Negotiate ???'],
    ['base64 cut short', 'Negotiate YWJ'],
    ['parameters', 'Negotiate a=b'],
    ['nothing', ''],
    ['commas', ',,,'],
    ['a quote without end', 'Negotiate "'],
  ])('asks anew where the header has %s', async (_, authorization) => {
    const server = await serve();
    const response = await fetch(server.url, { headers: { Authorization: authorization } });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Negotiate']);
  });

  it('tells in a token why it refuses, and its owner in words', async () => {
    const reasons: string[] = [];
    const server = await serve({ server: { onRefused: error => reasons.push(error.message) } });
    const response = await fetch(server.url, { headers: { Authorization: token('nonsense') } });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, token('refused')]);
    expect(reasons).toEqual(['the token is wrong']);
  });

  it('refuses anonymous clients unless it is to serve them', async () => {
    const initiator = 'WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS';
    const visit = async (allowAnonymous?: boolean) => {
      const onRefused = vi.fn();
      const server = await serve({ initiator, server: { allowAnonymous, onRefused } });
      const { status, headers } = await fetch(server.url, { headers: { Authorization: leg(1) } });
      return [status, headers.get('www-authenticate'), onRefused.mock.calls[0]?.[0].major];
    };
    expect(await visit()).toEqual([401, 'Negotiate', 'UNAUTHORIZED']);
    expect(await visit(true)).toEqual([200, token('proof'), undefined]);
  });

  it('lets the application write the refusal and offer other schemes', async () => {
    const server = await serve({
      server: {
        async unauthorized(request, response) {
          response.appendHeader('WWW-Authenticate', 'Basic realm="files"');
          response.setHeader('Content-Type', 'text/html');
          response.end(`<form action="${request.url}">`);
        },
      },
    });
    for (const [authorization, challenge] of [
      ['Basic eDp5', 'Negotiate'],
      [token('nonsense'), token('refused')],
    ]) {
      const response = await fetch(`${server.url}/page`, {
        headers: { Authorization: authorization! },
      });
      expect(response.status).toBe(401);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'www-authenticate': `${challenge}, Basic realm="files"`,
        'content-type': 'text/html',
        'cache-control': 'no-store',
      });
      expect(await response.text()).toBe('<form action="/page">');
    }
  });

  it.each([
    ['the refusal cannot be written', { unauthorized: () => Promise.reject(new Error('broken')) }],
    ['the keys cannot be fetched', { keytab: brokenKeytab() }],
  ])('responds with 500 where %s, and says why', async (_, options) => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const server = await serve({ server: { ...options, onError } });
    const authorization = 'keytab' in options ? leg(1) : 'Basic eDp5';
    const response = await fetch(server.url, { headers: { Authorization: authorization } });
    expect([response.status, await response.text(), errors]).toEqual([500, '', [new Error('broken')]]);
  });

  it('does not read a header beyond all bounds', async () => {
    const server = await serve();
    const status = await new Promise(resolve => {
      const request = ask(server.url, { headers: { Authorization: `Negotiate ${'A'.repeat(200_000)}` } });
      request.once('response', response => resolve(response.resume().statusCode));
      request.once('error', () => resolve('hung up'));
      request.end();
    });
    expect([431, 'hung up']).toContain(status);
  });

  it('goes on with a context on its connection, and on no other', async () => {
    const server = await serve({ legs: 2 });
    const { Agent } = await import('node:http');
    const [one, other] = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const said = (agent: typeof one, authorization: string) =>
      new Promise(resolve => {
        const options = { agent: agent!, headers: { Authorization: authorization } };
        ask(server.url, options, response => {
          response.resume().once('end', () => resolve(response.statusCode));
        }).end();
      });
    expect(await said(one, leg(1))).toBe(401);
    // Another connection cannot finish what this one began.
    expect(await said(other, leg(2))).toBe(401);
    expect(await said(one, leg(2))).toBe(200);
    // Nor is a context finished twice.
    expect(await said(one, leg(2))).toBe(401);
    for (const agent of [one, other]) agent!.destroy();
  });

  it('is not made without a keytab', () => {
    for (const none of [undefined, '/etc/krb5.keytab', []]) {
      expect(() => negotiateServer({ keytab: none as never })).toThrow(
        new TypeError('a keytab is what resolveKeytab makes'),
      );
    }
  });

  it('says that it is at fault where its keytab is missing, but not why', async () => {
    const reasons: string[] = [];
    const keytab = resolveKeytab('FILE:/nonexistent/keytab');
    const server = await serve({ server: { keytab, onRefused: error => reasons.push(error.code) } });
    const response = await fetch(server.url, { headers: { Authorization: leg(1) } });
    expect([response.status, await response.text(), reasons]).toEqual([500, '', ['KEYTAB_NOT_FOUND']]);
  });
});

describe('a keytab that is looked after', () => {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-fresh-'));
  const path = join(folder, 'keytab');
  const keytab = resolveKeytab(`FILE:${path}`);
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => {
    vi.useRealTimers();
    rmSync(path, { force: true });
  });

  const entry = (name: string) => ({
    principal: parsePrincipal(name),
    timestamp: new Date(0),
    kvno: 1,
    key: toEncryptionKey(randomKey(18)),
  });
  const accepts = () => true;
  const aSecondLater = () => vi.advanceTimersByTime(1001);

  it('is read once as long as it is the same', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await keytab.add([entry('HTTP/a@A.TEST')]);
    const entries = vi.spyOn(keytab, 'entries');
    const fresh = freshKeytab(keytab, { accepts });
    const first = await fresh();
    expect(fresh()).toBe(first);
    aSecondLater();
    expect(fresh()).toBe(first);
    expect(entries).toHaveBeenCalledTimes(1);
    entries.mockRestore();
  });

  it('is read anew a second after it has become another', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await keytab.add([entry('HTTP/a@A.TEST')]);
    const fresh = freshKeytab(keytab, { accepts });
    await fresh();
    const other = join(folder, 'other');
    await resolveKeytab(`FILE:${other}`).add([entry('HTTP/b@A.TEST')]);
    renameSync(other, path);
    expect((await fresh())[0]?.principal.components).toEqual(['HTTP', 'a']);
    aSecondLater();
    expect((await fresh())[0]?.principal.components).toEqual(['HTTP', 'b']);
    await keytab.add([entry('HTTP/c@A.TEST')]);
    aSecondLater();
    expect(await fresh()).toHaveLength(2);
  });

  it('keeps its keys while it is gone or damaged, and tells', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await keytab.add([entry('HTTP/a@A.TEST')]);
    const told: string[] = [];
    const fresh = freshKeytab(keytab, { accepts, onStale: error => told.push(error.code) });
    const first = await fresh();
    rmSync(path);
    aSecondLater();
    expect(await fresh()).toBe(first);
    writeFileSync(path, 'no keytab');
    aSecondLater();
    expect(await fresh()).toBe(first);
    expect(told).toEqual(['KEYTAB_NOT_FOUND', 'KEYTAB_FORMAT']);
  });

  it('keeps its keys while the file is cut off, until it is whole again', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await keytab.add([entry('HTTP/a@A.TEST'), entry('HTTP/b@A.TEST')]);
    const whole = readFileSync(path);
    const told: string[] = [];
    const fresh = freshKeytab(keytab, { accepts, onStale: error => told.push(error.code) });
    const first = await fresh();
    for (const cut of [5, Math.floor(whole.length / 2) + 5]) {
      writeFileSync(path, whole.subarray(0, -cut));
      aSecondLater();
      expect(await fresh()).toBe(first);
    }
    writeFileSync(path, whole);
    aSecondLater();
    expect(await fresh()).toEqual(first);
    expect(await fresh()).not.toBe(first);
    expect(told).toEqual(['KEYTAB_FORMAT', 'KEYTAB_FORMAT']);
  });

  it('loses the keys that are removed from the file', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await keytab.add([entry('HTTP/a@A.TEST')]);
    const fresh = freshKeytab(keytab, { accepts });
    expect(await fresh()).toHaveLength(1);
    await keytab.remove(() => true);
    aSecondLater();
    expect(await fresh()).toEqual([]);
  });

  it('has no keys but those of the services wanted', async () => {
    await keytab.add([entry('host/a@A.TEST'), entry('HTTP/a@A.TEST'), entry('HTTP/b@A.TEST')]);
    const fresh = freshKeytab(keytab, { accepts: ({ components }) => components[0] === 'HTTP' });
    expect((await fresh()).map(({ principal }) => principal.components[1])).toEqual(['a', 'b']);
  });

  it('that never could be read is an error', async () => {
    await expect(freshKeytab(keytab, { accepts })()).rejects.toMatchObject({ code: 'KEYTAB_NOT_FOUND' });
  });
});
