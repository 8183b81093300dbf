import { request as plain } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { KdcProxyMessage } from '../../src/messages/proxy.ts';
import type { Transport } from '../../src/transport/transport.ts';

const REALM = 'LAB.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
let realm: RunningKdc;

afterEach(() => realm.close());

async function start(options: Partial<StartKdcOptions> = {}): Promise<void> {
  realm = await startKdc({
    realm: REALM,
    users: [{ name: 'alice', password: 'pw' }],
    passwordPort: 0,
    kkdcp: {},
    ...options,
  });
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
}

function ask(
  body: Uint8Array,
  { method = 'POST', path }: Asked = {},
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const url = new URL(path ?? '', realm.kkdcpUrl);
    const exchange = plain(path === undefined ? realm.kkdcpUrl! : url, { method, agent: false });
    exchange.on('error', reject);
    exchange.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', chunk => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
    });
    exchange.end(body);
  });
}

function wrapped(message: Uint8Array, length = message.length): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return KdcProxyMessage.encode({ kerbMessage: Buffer.concat([header, message]), targetDomain: REALM });
}

const transport: Transport = async (_, request) => {
  const { status, body } = await ask(wrapped(request));
  expect(status).toBe(200);
  const { kerbMessage } = KdcProxyMessage.decode(body);
  expect(Buffer.from(kerbMessage).readUInt32BE()).toBe(kerbMessage.length - 4);
  return kerbMessage.subarray(4);
};

describe('the endpoint', () => {
  it('carries requests to the KDC and to the password server', async () => {
    await start();
    const server = parsePrincipal(`kadmin/changepw@${REALM}`);
    const { credential } = await getInitialCredential(
      alice,
      { password: async () => 'pw' },
      { transport, server },
    );
    expect(await changePassword(credential, 'new', { transport })).toMatchObject({ status: 'changed' });
    await getInitialCredential(alice, { password: async () => 'new' }, { transport });
  });

  it.each<[string, Uint8Array, Asked, number]>([
    ['another method', new Uint8Array(0), { method: 'GET' }, 405],
    ['another path', wrapped(Buffer.from('x')), { path: '/other' }, 404],
    ['no message', new Uint8Array(0), {}, 400],
    ['junk', Buffer.from('0403020100', 'hex'), {}, 400],
    ['a wrong length', wrapped(Buffer.from('x'), 9), {}, 400],
  ])('refuses %s', async (_, body, asked, status) => {
    await start();
    expect((await ask(body, asked)).status).toBe(status);
  });

  it('does not read what is too long to the end', async () => {
    await start();
    const answer = await ask(Buffer.alloc(4 << 20)).catch((error: NodeJS.ErrnoException) => error.code);
    expect([{ status: 413 }, 'ECONNRESET', 'EPIPE']).toContainEqual(
      typeof answer === 'object' ? { status: answer.status } : answer,
    );
    expect((await ask(Buffer.alloc(0))).status).toBe(400);
  });

  it('is not opened to others without a certificate, and nothing else stays open', async () => {
    await start({ kkdcp: undefined });
    await expect(startKdc({ realm: REALM, host: '0.0.0.0', kkdcp: {} })).rejects.toMatchObject({
      code: 'KDC_LISTEN',
    });
    await expect(
      startKdc({ realm: REALM, kkdcp: { tls: { certificate: 'no', key: 'no' } } }),
    ).rejects.toMatchObject({ code: 'KDC_LISTEN' });
  });

  it('has its port to itself', async () => {
    await start();
    const port = Number(new URL(realm.kkdcpUrl!).port);
    await expect(startKdc({ realm: REALM, kkdcp: { port } })).rejects.toThrow(
      `Cannot listen on 127.0.0.1 port ${port}: Address already in use`,
    );
  });
});
