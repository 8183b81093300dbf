import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http } from '../../src/cli/http.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { startKdc } from '../../src/kdc/start.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { keytab, makeCredential, NOW, serviceKey } from '../ap/made-up.ts';
import { createAuthority } from '../support/certificates.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { writeCache, writeKeytab } from './caches.ts';
import { Lab } from './service.ts';

const service = parsePrincipal('HTTP/localhost@A.TEST');
const entry = { ...keytab[0]!, principal: service };
const authority = createAuthority();
const own = authority.issue('localhost');

let lab: Lab;
const servers: Server[] = [];
beforeEach(() => {
  lab = new Lab();
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await lab.close();
});

/** `krb5kit serve --http` with the key of HTTP/localhost. */
function serve(...argv: readonly string[]) {
  return lab.serve(['--http', '-k', writeKeytab(lab.folder, [entry]), ...argv]);
}

/** `krb5kit http` of alice, who has a ticket for HTTP/localhost. */
interface Surroundings {
  readonly credential?: Credential;
  readonly stdin?: string;
  readonly settle?: () => never;
}

async function run(
  argv: readonly string[],
  { credential = makeCredential({ server: service }), stdin = '', ...more }: Surroundings = {},
) {
  const KRB5CCNAME = writeCache(lab.folder, [credential], credential.client);
  const env = { ...lab.env, KRB5CCNAME };
  const io = Object.assign(captureIo({ now: () => NOW, cwd: lab.folder, env, stdin }), more);
  return { status: await runCommand(http, argv, io), stdout: io.stdout, stderr: io.stderr };
}

/** A server that asks nobody who it is, and tells what it was asked. */
async function echo(): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    if (url === '/away') response.writeHead(302, { Location: '/' }).end('away');
    if (url === '/broken') response.writeHead(503).end('broken');
    if (url === '/cut')
      response.writeHead(200, { 'Content-Length': '9' }).write('cut', () => response.destroy());
    if (response.destroyed || url === '/cut') return;
    if (response.writableEnded) return;
    const { 'content-type': type, 'x-more': more } = headers;
    response.setHeader('X-Answer', 'yes');
    response.end(JSON.stringify({ method, type, more, body: Buffer.concat(chunks).toString('latin1') }));
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

describe('signs in to krb5kit serve --http', () => {
  it('and prints what that says', async () => {
    const { port, io } = await serve();
    expect(io.stdout).toMatch(/^Serving HTTP on 127\.0\.0\.1 port \d+, keys from FILE:/);
    const { status, stdout, stderr } = await run([`http://localhost:${port}/some/where`]);
    expect([status, stderr]).toEqual([0, '']);
    expect(outputOf('answer', stdout)).toEqual({
      client: 'alice@A.TEST',
      server: 'HTTP/localhost@A.TEST',
      mechanism: '1.2.840.113554.1.2.2',
      mutual: true,
      contextFlags: expect.objectContaining({ names: expect.arrayContaining(['mutual', 'integrity']) }),
      enctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
      sessionEnctype: { number: 18, name: 'aes256-cts-hmac-sha1-96' },
      endtime: '2026-03-01T13:00:00.000Z',
      delegated: [],
    });
    expect(io.stdout).toContain('alice@A.TEST to HTTP/localhost@A.TEST from 127.0.0.1, GET /some/where\n');
  });

  it('and tells the facts in JSON', async () => {
    const { port } = await serve();
    const url = `http://localhost:${port}/`;
    const { stdout } = await run(['--json', '-o', 'body', '--preemptive', url]);
    expect(outputOf('transferred', stdout)).toMatchObject({
      url,
      status: 200,
      headers: { 'content-type': 'application/json' },
      client: 'alice@A.TEST',
      server: 'HTTP/localhost@A.TEST',
      mutual: true,
      contextFlags: { names: expect.not.arrayContaining(['delegation']) },
      body: null,
    });
    expect(readFileSync(join(lab.folder, 'body'), 'utf8')).toContain('alice@A.TEST');
  });

  it('over TLS, whose certificate must be vouched for', async () => {
    const files = { ca: authority.certificate, cert: own.certificate, key: own.key };
    for (const [name, pem] of Object.entries(files)) writeFileSync(join(lab.folder, name), pem);
    const tls = (['cert', 'key'] as const).flatMap(name => [`--tls-${name}`, join(lab.folder, name)]);
    const { port } = await serve(...tls);
    const url = `https://localhost:${port}/`;
    expect((await run([url])).stderr).toMatch(/^krb5kit http: .*certificate.* while transferring/);
    for (const argv of [['-k'], ['--cacert', 'ca']]) {
      const { status, stdout } = await run([...argv, url]);
      expect([status, JSON.parse(stdout).client]).toEqual([0, 'alice@A.TEST']);
    }
  });

  it('but not with a ticket that its key does not open', async () => {
    const { port, io } = await serve();
    const stranger = makeCredential({
      server: service,
      key: (await import('../../src/crypto/key.ts')).randomKey(18),
    });
    const { status, stderr } = await run([`http://localhost:${port}/`], { credential: stranger });
    expect([status, stderr]).toEqual([1, expect.stringContaining('krb5kit http: ')]);
    expect(io.stderr).toContain('krb5kit serve: refused a client from 127.0.0.1: ');
  });

  it('which ends after that with --once', async () => {
    const { port, ended } = await serve('--once');
    await run([`http://localhost:${port}/`]);
    expect(await ended).toBe(0);
  });

  it('but not to another service of the keytab', async () => {
    const other = parsePrincipal('sample/localhost@A.TEST');
    const both = writeKeytab(lab.folder, [entry, { ...entry, principal: other }]);
    const { port, io } = await lab.serve(['--http', '-k', both]);
    const posing = { ...makeCredential({ server: other, key: serviceKey }), server: service };
    expect((await run([`http://localhost:${port}/`], { credential: posing })).status).toBe(1);
    expect(io.stderr).toContain('refused');
  });
});

it('names the service that the KDC does not know, which is not in the URL', async () => {
  const kdc = await startKdc({ realm: 'A.TEST', users: [{ name: 'alice', password: 'alicepw' }] });
  const server = createServer((_, response) => {
    response.writeHead(401, { 'WWW-Authenticate': 'Negotiate' }).end();
  });
  servers.push(server);
  try {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const KRB5_CONFIG = join(lab.folder, 'kdc.conf');
    writeFileSync(KRB5_CONFIG, kdc.krb5Conf());
    const env = { ...lab.env, KRB5_CONFIG, KRB5CCNAME: join(lab.folder, 'cc') };
    expect(await runCommand(kinit, ['alice'], captureIo({ env, stdin: 'alicepw\n' }))).toBe(0);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const io = captureIo({ env });
    expect(await runCommand(http, [url], io)).toBe(1);
    expect(io.stderr).toBe(
      `krb5kit http: Server HTTP/127.0.0.1@A.TEST not found in Kerberos database while transferring ${url}\n`,
    );
    const json = captureIo({ env });
    await runCommand(http, ['--json', url], json);
    expect(outputOf('failure', json.stderr)).toMatchObject({
      code: 'KDC_ERROR',
      krbError: { number: 7 },
      hint: expect.stringMatching(/^use the host's name instead of its address/),
    });
  } finally {
    await kdc.close();
  }
});

describe('sends', () => {
  it.each([
    ['a form', ['-d', 'a=b'], { method: 'POST', type: 'application/x-www-form-urlencoded', body: 'a=b' }],
    ['a file without line ends', ['-d', '@data'], { method: 'POST', body: 'onetwo' }],
    ['a file as it is', ['--data-binary', '@data', '-X', 'PUT'], { method: 'PUT', body: 'one\r\ntwo\n' }],
    [
      'stdin',
      ['--data-binary', '@-', '-H', 'content-type: text/plain'],
      { type: 'text/plain', body: 'typed' },
    ],
    ['headers', ['-H', 'X-More: one', '-H', 'X-More: two'], { method: 'GET', more: 'one, two' }],
  ])('%s', async (_, argv, expected) => {
    writeFileSync(join(lab.folder, 'data'), 'one\r\ntwo\n');
    const { stdout } = await run([...argv, await echo()], { stdin: 'typed' });
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });
});

describe('shows', () => {
  it('headers before the body, or alone', async () => {
    const url = await echo();
    expect((await run(['-i', url])).stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)*x-answer: yes\r\n\r\n\{/);
    expect((await run(['-I', url])).stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)*\r\n$/);
  });

  it('a redirect, or what it leads to', async () => {
    const url = await echo();
    expect(await run([`${url}/away`])).toMatchObject({ status: 0, stdout: 'away' });
    expect((await run(['-L', `${url}/away`])).stdout).toContain('GET');
  });

  it('the status of a server that is not pleased as its own', async () => {
    expect(await run([`${await echo()}/broken`])).toEqual({ status: 5, stdout: 'broken', stderr: '' });
  });
});

describe('fails in one line', () => {
  it('where nobody listens', async () => {
    const { status, stderr } = await run(['http://localhost:1/']);
    expect([status, stderr]).toEqual([
      1,
      'krb5kit http: Connection refused while transferring http://localhost:1/\n',
    ]);
  });

  it('where the body breaks off, or cannot be written', async () => {
    const url = await echo();
    expect(await run([`${url}/cut`])).toMatchObject({
      status: 1,
      stderr: `krb5kit http: The server closed the connection while transferring ${url}/cut\n`,
    });
    const settle = (): never => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    expect(await run([url], { settle })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('No space left on device while writing to the standard output'),
    });
    expect(await run(['--quiet', url])).toMatchObject({ status: 0, stdout: '' });
    expect((await run(['-o', 'no/such', url])).stderr).toMatch(
      /^krb5kit http: no\/such cannot be written \(No such file or directory\) while/,
    );
  });

  it('where the server does not speak TLS', async () => {
    const url = (await echo()).replace('http:', 'https:');
    expect((await run([url])).stderr).toMatch(
      /^krb5kit http: TLS failed \([a-z ]+\) while transferring .*\n$/,
    );
  });

  it('where a header or a URL cannot be sent, and repeats no password', async () => {
    expect(await run(['-H', 'A: b\r\nC: d', 'http://localhost:1/'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is not a header\n'),
    });
    const { status, stderr } = await run(['http://alice:wonderland@localhost:1/']);
    expect(status).toBe(2);
    expect(stderr).not.toContain('wonderland');
  });

  it('or in JSON', async () => {
    const { stdout, stderr } = await run(['--json', 'http://localhost:1/']);
    expect([stdout, outputOf('failure', stderr)]).toEqual(['', expect.objectContaining({ exitStatus: 1 })]);
  });

  it('where the server does not prove who it is, unless it need not', async () => {
    const server = createServer(({ headers }, response) => {
      if (headers.authorization === undefined) response.writeHead(401, { 'WWW-Authenticate': 'Negotiate' });
      response.end('me');
    });
    servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    const host = new URL(url).host;
    expect(await run([url])).toEqual({
      status: 1,
      stdout: '',
      stderr: `krb5kit http: ${host} has not proved who it is while transferring ${url}\n`,
    });
    expect(await run(['--no-mutual', url])).toEqual({ status: 0, stdout: 'me', stderr: '' });
  });

  it.each([
    [[], 'give one URL, which begins with http:// or https://'],
    [['ftp://localhost/'], 'give one URL, which begins with http:// or https://'],
    [['http://a/', 'http://b/'], 'give one URL, which begins with http:// or https://'],
    [['-H', 'nothing', 'http://a/'], '"nothing" is not a header'],
    [['--delegate', 'never', 'http://a/'], '--delegate must be "policy" or "always", not "never"'],
    [['--proxy', 'socks://a', 'http://a/'], "'socks://a' is not the URL of a proxy"],
  ])('where the command line is wrong: %s', async (argv, sentence) => {
    const { status, stderr } = await run(argv);
    expect([status, stderr]).toEqual([2, `krb5kit http: ${sentence}\nUsage: krb5kit http [options] URL\n`]);
  });

  it('where a file is missing', async () => {
    const { status, stderr } = await run(['-d', '@missing', 'http://a/']);
    expect([status, stderr]).toEqual([
      1,
      'krb5kit http: missing cannot be read (No such file or directory)\n',
    ]);
  });
});

it('serve --http does not start with a key and no certificate, or with files that are neither', async () => {
  const started = serve('--tls-key', '/nonexistent');
  await expect(started).rejects.toThrow('--tls-cert and --tls-key go together');
  writeFileSync(join(lab.folder, 'pem'), 'nonsense');
  await expect(serve('--tls-key', 'pem', '--tls-cert', 'pem')).rejects.toThrow('cannot be read');
  const pem = join(lab.folder, 'pem');
  await expect(serve('--tls-key', pem, '--tls-cert', pem)).rejects.toThrow('no certificate with its key');
});
