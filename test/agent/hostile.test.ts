import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGENT } from '../../src/agent/operations.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { decodeReply, encodeRequest, KCM, KCM_RESULT, MAX_KCM_BYTES } from '../../src/ccache/kcm/protocol.ts';
import { contents, credential } from '../ccache/tickets.ts';
import { hungUp, localAgent, rawClient } from './support.ts';

const limits = { clients: 50, bytes: 4 << 20, patience: 0.4 };

function frame(body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

async function reply(socket: Awaited<ReturnType<typeof rawClient>>): Promise<Uint8Array> {
  const frames = new KcmFrames('replies');
  for (;;) {
    const found = frames.next();
    if (found !== undefined) return found;
    frames.push(await new Promise<Buffer>(resolve => socket.once('data', resolve)));
  }
}

/** In pieces that end within a request of ten bytes. */
async function sendSlowly(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let end = 5; end < bytes.length + 20; end += 20) {
    socket.write(bytes.subarray(Math.max(0, end - 20), end));
    await sleep(15);
  }
}

describe('a hostile client', () => {
  it('that announces too much is hung up on', async () => {
    const { socket } = await localAgent();
    const client = await rawClient(socket);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(MAX_KCM_BYTES + 1);
    client.write(head);
    await hungUp(client);
  });

  it.each([
    ['another version', Uint8Array.of(1, 0, 0, 3)],
    ['no operation', Uint8Array.of(2, 0)],
    ['nothing', new Uint8Array()],
    ['half a name', Uint8Array.of(2, 0, 0, 8, 0x61)],
    ['too much', Uint8Array.of(2, 0, 0, 3, 0)],
  ])('that sends %s is told so and may go on', async (_, body) => {
    const { socket } = await localAgent();
    const client = await rawClient(socket);
    client.write(frame(body));
    expect(decodeReply(KCM.NOOP, await reply(client))).toMatchObject({ result: KCM_RESULT.FORMAT });
    client.write(encodeRequest(KCM.NOOP, {}));
    expect(decodeReply(KCM.NOOP, await reply(client))).toMatchObject({ result: 0 });
  });

  it('that sends junk gets a number for an answer', async () => {
    const { socket, cache } = await localAgent();
    await cache('a').initialize(contents);
    const client = await rawClient(socket);
    const operation = fc.constantFrom(...Object.values(KCM).map(({ code }) => code));
    await fc.assert(
      fc.asyncProperty(operation, fc.uint8Array({ maxLength: 200 }), async (code, junk) => {
        client.write(frame(Buffer.concat([Uint8Array.of(2, 0, code >> 8, code & 255), junk])));
        const { length } = await reply(client);
        expect(length).toBeGreaterThanOrEqual(8);
      }),
    );
  });

  it('that never finishes a request is hung up on, and nobody else waits', async () => {
    const { socket, cache } = await localAgent({ limits });
    const client = await rawClient(socket);
    client.write(Uint8Array.of(0, 0, 1, 0, 2));
    await cache('a').initialize(contents);
    await hungUp(client);
  });

  it('that does not read is hung up on, and nobody else waits', async () => {
    const { socket, cache, ask } = await localAgent({ limits });
    const big = credential('host/a@A.TEST', { ticket: new Uint8Array(1 << 20) });
    await cache('a').initialize({ ...contents, credentials: [big] });
    const client = await rawClient(socket);
    client.pause();
    for (let i = 0; i < 20; i++) client.write(encodeRequest(KCM.GET_CRED_LIST, { name: 'a' }));
    await sleep(100);
    expect((await cache('a').load()).credentials).toHaveLength(1);
    await expect.poll(() => ask(kcm => kcm.call(AGENT.STATUS, {}))).toMatchObject({ clients: 1 });
    let received = 0;
    client.on('data', chunk => {
      received += chunk.length;
    });
    await hungUp(client);
    expect(received).toBeLessThan(5 << 20);
  });

  it('that does not read does not keep an agent from ending', async () => {
    const { socket, cache, ask, ended } = await localAgent({ limits });
    const big = credential('host/a@A.TEST', { ticket: new Uint8Array(1 << 20) });
    await cache('a').initialize({ ...contents, credentials: [big] });
    const client = await rawClient(socket);
    client.pause();
    client.write(encodeRequest(KCM.GET_CRED_LIST, { name: 'a' }));
    await sleep(100);
    await ask(kcm => kcm.call(AGENT.STOP, {}));
    await ended;
  });

  it.each([
    ['reads its answers slowly', 20, 1 << 20],
    ['sends its requests slowly', 300, 100],
  ])('is not one that %s, but without a break', async (_, count, length) => {
    const { socket, cache } = await localAgent({ limits: { ...limits, patience: 1.5 } });
    const big = credential('host/a@A.TEST', { ticket: new Uint8Array(length) });
    await cache('a').initialize({ ...contents, credentials: [big] });
    const client = await rawClient(socket);
    const requests = Array<Uint8Array>(count).fill(encodeRequest(KCM.GET_CRED_LIST, { name: 'a' }));
    void sendSlowly(client, Buffer.concat(requests));
    const frames = new KcmFrames('replies');
    let received = 0;
    for await (const chunk of client) {
      frames.push(chunk);
      while (frames.next() !== undefined) received++;
      if (received === count) break;
      await sleep(8);
    }
    expect(received).toBe(count);
  });

  it('that is a thousand does not keep others out', async () => {
    const { socket, cache } = await localAgent({ limits });
    const many: Socket[] = [];
    for (let i = 0; i < 1000; i++) many.push(await rawClient(socket));
    await cache('a').initialize(contents);
    expect((await cache('a').load()).principal).toEqual(contents.principal);
    await expect.poll(() => many.filter(client => !client.closed).length).toBeLessThanOrEqual(limits.clients);
  });

  it('that is many with half a request each gets no more memory than one', async () => {
    const { socket, cache } = await localAgent({ limits: { ...limits, patience: 60 } });
    const half = frame(new Uint8Array(1 << 20)).subarray(0, 900_000);
    const many: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const client = await rawClient(socket);
      many.push(client);
      await new Promise<void>(resolve => client.write(half, () => resolve()));
    }
    await cache('a').initialize(contents);
    await expect.poll(() => many.filter(client => !client.closed).length).toBeLessThanOrEqual(4);
  });
});
