import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exchangeTcp } from '../../src/transport/tcp.ts';
import { ANSWER, fakeKdc, framed, onRequest, REQUEST, replying, type TcpBehaviour } from './fake-kdc.ts';

const options = { resendAfter: [] };

async function ask(tcp: TcpBehaviour, signal = new AbortController().signal): Promise<Uint8Array> {
  await using kdc = await fakeKdc({ tcp });
  return await exchangeTcp({ protocol: 'tcp', host: '127.0.0.1', port: kdc.port }, REQUEST, {
    ...options,
    signal,
  });
}

describe('an exchange over TCP', () => {
  it('frames the request and unframes the reply', async () => {
    expect(await ask(replying(ANSWER))).toEqual(Buffer.from(ANSWER));
  });

  it('takes a reply that drips in octet by octet, and no more than it announced', async () => {
    const drip: TcpBehaviour = socket => {
      const octets = [...framed(ANSWER), 99, 99];
      const next = (): void => {
        if (socket.destroyed || octets.length === 0) return;
        socket.write(Uint8Array.of(octets.shift()!), () => setTimeout(next, 2));
      };
      onRequest(socket, next);
    };
    expect(await ask(drip)).toEqual(Buffer.from(ANSWER));
  });

  it.each([
    ['without a reply', new Uint8Array(), /closed before a reply/],
    ['in the middle of the length', Uint8Array.of(0, 0), /closed before a reply/],
    ['in the middle of the reply', framed(ANSWER).subarray(0, 7), /closed after 3 of 5 bytes/],
  ])('fails when the connection ends %s', async (_, bytes, message) => {
    await expect(ask(socket => onRequest(socket, () => socket.end(bytes)))).rejects.toThrow(message);
  });

  it.each([0, 0x100001, 0x80000005, 0xffffffff])('fails on a length of %d', async length => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(length);
    await expect(ask(socket => onRequest(socket, () => socket.write(header)))).rejects.toThrow(
      `a reply of ${length}`,
    );
  });

  it('ends when aborted', async () => {
    const controller = new AbortController();
    const pending = ask(socket => onRequest(socket, () => controller.abort()), controller.signal);
    await expect(pending).rejects.toThrow('no answer');
  });

  it.skipIf(process.platform === 'win32')('goes over a local socket too', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'krb5kit-kdc-'));
    const server = createServer(replying(ANSWER)).listen(join(dir, 's'));
    try {
      await once(server, 'listening');
      const target = { protocol: 'unix', host: join(dir, 's'), port: 0 } as const;
      const { signal } = new AbortController();
      expect(await exchangeTcp(target, REQUEST, { ...options, signal })).toEqual(Buffer.from(ANSWER));
    } finally {
      server.close();
      rmSync(dir, { recursive: true });
    }
  });
});
