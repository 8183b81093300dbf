import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { toEncryptionKey } from '../../src/messages/seal.ts';
import { scratch } from '../ccache/samples.ts';
import { freePort } from '../support/free-port.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';
import { writeKeytab } from './caches.ts';
import { Lab } from './service.ts';

const SERVICES = ['sample/localhost', 'HTTP/localhost', 'host/localhost'];
const PROVED = 'accepted; the service has proved that it holds its key (mutual authentication';

let kdc: RunningKdc;
let home: string;
let lab: Lab;
let keys: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: SERVICES,
  });
});
afterAll(() => kdc?.close());
beforeEach(async () => {
  home = scratch();
  lab = new Lab();
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
  keys = writeKeytab(
    home,
    SERVICES.flatMap(name => kdc.keytab(name)),
  );
  const io = captureIo({ env: environment(), stdin: 'alicepw\n', uid: process.geteuid?.() });
  expect(await runCommand(kinit, ['alice'], io), io.stderr).toBe(0);
});
afterEach(async () => {
  await lab.close();
  rmSync(home, { recursive: true, force: true });
});

const environment = () => ({
  HOME: home,
  KRB5_CONFIG: join(home, 'krb5.conf'),
  KRB5CCNAME: `FILE:${join(home, 'cc')}`,
  KRB5_KTNAME: `FILE:${keys}`,
  KRB5RCACHEDIR: home,
  KRB5KIT_KEYCHAIN: 'none',
  LC_ALL: 'C',
});

async function run(...argv: readonly string[]) {
  const io = captureIo({ env: environment(), uid: process.geteuid?.() });
  const status = await runCommand(doctor, ['alice', ...argv], io);
  // What comes after the keytab is what came of presenting.
  const at = io.stdout.search(/^\S+\s+presenting/m);
  return { status, stdout: io.stdout, stderr: io.stderr, told: at < 0 ? '' : io.stdout.slice(at) };
}

const serve = (argv: readonly string[]) =>
  lab.serve(['-k', keys, ...argv], { now: () => new Date(), env: environment() });

describe('presents the ticket', () => {
  it('to a service of the sample protocol', async () => {
    const { port } = await serve([]);
    const { status, told } = await run('sample@localhost', '--port', `${port}`);
    expect(told).toBe(`[ok]   presenting to localhost:${port}: ${PROVED}), and says: You are alice@A.TEST\n`);
    expect(status).toBe(0);
  });

  it('to a service of the kind of gss-server', async () => {
    const { port } = await serve(['--gss', '--service', 'host']);
    const { status, told } = await run('host/localhost', '--gss', '-p', `${port}`);
    expect(told).toBe(`[ok]   presenting to localhost:${port}: ${PROVED})\n`);
    expect(status).toBe(0);
  });

  it('to a web server by Negotiate, at its port or at a URL, which tells the service', async () => {
    const { port } = await serve(['--http']);
    const url = `http://localhost:${port}/`;
    for (const wish of [
      ['HTTP@localhost', '--port', `${port}`],
      ['HTTP@localhost', '--http', url],
      ['--http', url],
    ]) {
      const { status, told } = await run(...wish);
      expect(told).toBe(`[ok]   presenting to http://localhost:${port}/: ${PROVED})\n`);
      expect(status).toBe(0);
    }
  });

  it('to a URL with an address, whose brackets are no part of the name of its service', async () => {
    const { stdout } = await run('--http', 'http://[::1]/');
    expect(stdout).toContain('its principal is HTTP/::1@');
  });

  it('and tells of it in JSON that the schema knows', async () => {
    const { port } = await serve([]);
    const { stdout } = await run('sample@localhost', '--port', `${port}`, '--json');
    const { findings } = outputOf('findings', stdout);
    expect(findings.at(-1)).toMatchObject({
      subject: `presenting to localhost:${port}`,
      result: 'good',
      hint: null,
    });
  });
});

describe('has one thing to try where', () => {
  it('nobody listens', async () => {
    const port = await freePort();
    for (const argv of [['sample@localhost'], ['host@localhost', '--gss'], ['HTTP@localhost']]) {
      const { status, told } = await run(...argv, '--port', `${port}`);
      expect(status).toBe(1);
      expect(told).toMatch(
        /^\[FAIL\] presenting to \S+: Connection refused\n {7}Try: check that [^\n]* is running on localhost[^\n]*\n$/,
      );
    }
  });

  it('the service has another key', async () => {
    const [entry] = kdc.keytab('sample/localhost');
    const other = writeKeytab(lab.folder, [
      { ...entry!, key: toEncryptionKey(randomKey(entry!.key.keytype)) },
    ]);
    const { port } = await lab.serve(['-k', other], { now: () => new Date(), env: environment() });
    const { status, told } = await run('sample@localhost', '-p', `${port}`);
    expect(status).toBe(1);
    expect(told).toMatch(/^\[FAIL\] presenting to localhost:\d+: [^\n]+\n +Try: [^\n]+\n$/);
  });

  it('something else is spoken at the port', async () => {
    const port = await lab.listen((socket: Socket) => socket.end('220 mail.example ESMTP\r\n'));
    for (const argv of [['sample@localhost'], ['host@localhost', '--gss'], ['HTTP@localhost']]) {
      const { told } = await run(...argv, '-p', `${port}`);
      expect(told).toMatch(/^\[FAIL\] presenting to \S+: [^\n]+\n +Try: [^\n]*(?:--http|log)[^\n]*\n$/);
    }
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      'requires Basic',
      (_, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
      /requires Basic realm="x", but not Negotiate \(401\)\n +Try: turn on Negotiate/,
    ],
    [
      'rejects the ticket',
      (_, response) => response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end(),
      /rejects the ticket \(401\)\n +Try: compare the keytab/,
    ],
    [
      'has proved nothing',
      (request, response) =>
        request.headers.authorization === undefined
          ? response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end()
          : response.end('hello'),
      /has not proved who it is\n +Try: this may not be the real service/,
    ],
  ])('the web server %s', async (_, listener, expected) => {
    const server = createServer(listener);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { status, told } = await run('HTTP@localhost', '-p', `${port}`);
      expect(told).toMatch(expected);
      expect(status).toBe(1);
    } finally {
      server.close();
    }
  });
});

describe('only notes', () => {
  it('a web server that does not ask', async () => {
    const server = createServer((_, response) => response.end('hello'));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { status, told } = await run('HTTP@localhost', '-p', `${port}`);
      expect(told).toMatch(
        /^\[--\] {3}presenting .* requires no authentication: use --http with a URL that does\n$/,
      );
      expect(status).toBe(0);
    } finally {
      server.close();
    }
  });

  it('a service whose protocol is not known, and a name without a host', async () => {
    expect((await run('host@localhost')).told).toMatch(
      /^\[--\] {3}presenting: the protocol of host is unknown/,
    );
    expect((await run('krbtgt/A.TEST')).told).toMatch(/^\[--\] {3}presenting: the name contains no host/);
  });
});

it.each([
  [['--gss']],
  [['host/localhost', '--http', 'ftp://localhost/']],
  [['host/localhost', '--http', 'http://localhost/', '--gss']],
  [['host/localhost', '--port', 'x']],
])('%j is a mistake', async argv => {
  const { status, stdout } = await run(...argv);
  expect([status, stdout]).toEqual([2, '']);
});
