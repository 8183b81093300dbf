import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withKcm } from '../../src/ccache/kcm/connection.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { encodeReply, KCM, operationOf } from '../../src/ccache/kcm/protocol.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { environment, scratch } from './samples.ts';
import { alice, credential } from './tickets.ts';

/** A server that does with each operation, by its number and its length, what `answer` does; returns its socket. */
function server(answer: (code: number, socket: Socket, length: number) => void): string {
  const path = join(scratch(), 'kcm');
  const sockets = new Set<Socket>();
  const listening = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    const frames = new KcmFrames('requests');
    socket.on('data', chunk => {
      frames.push(new Uint8Array(chunk));
      const request = frames.next();
      if (request !== undefined) answer(operationOf(request), socket, request.length);
    });
  }).listen(path);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return path;
}

const noop = encodeReply(KCM.NOOP, {});
const answerShort = (socket: Socket, length: number) =>
  length > 120_000 ? socket.destroy() : socket.write(noop);
const name = encodeReply(KCM.GET_DEFAULT_CACHE, { name: 'a' });
const ask = (path: string, patience?: { answer: number; sign: number }) =>
  withKcm(path, kcm => kcm.call(KCM.GET_DEFAULT_CACHE, {}), patience);
const overdue = { code: 'CACHE_IO', message: 'The KCM server did not answer in time', cache: undefined };

describe.skipIf(process.platform === 'win32')('a KCM server', () => {
  it('that answers nothing at all is given up', async () => {
    const path = server(() => undefined);
    await expect(ask(path, { answer: 3600, sign: 0.1 })).rejects.toMatchObject(overdue);
  });

  it('is given up in seconds by whoever uses a cache', async () => {
    const kcmSocket = server(() => undefined);
    const cache = kcmType.resolve('', { ...environment(scratch()), kcmSocket });
    await expect(cache.load()).rejects.toMatchObject(overdue);
  }, 60_000);

  it('that asks its user meanwhile is waited for as long as it shows signs of life', async () => {
    let signs = 0;
    let waiting: Socket | undefined;
    const path = server((code, socket) => {
      if (code !== KCM.NOOP.code) waiting = socket;
      else socket.write(noop);
      if (code === KCM.NOOP.code && ++signs === 3) waiting?.write(name);
    });
    expect(await ask(path, { answer: 3600, sign: 1 })).toEqual({ name: 'a' });
    expect(signs).toBe(3);
  }, 60_000);

  it('is not waited for for ever even so', async () => {
    const path = server((code, socket) => {
      if (code === KCM.NOOP.code) socket.write(noop);
    });
    await expect(ask(path, { answer: 2, sign: 1.5 })).rejects.toMatchObject(overdue);
  }, 60_000);

  it('that disconnects on long requests gets a cache ticket by ticket', async () => {
    const codes: number[] = [];
    const kcmSocket = server((code, socket, length) => {
      if (length <= 120_000) codes.push(code);
      answerShort(socket, length);
    });
    const cache = kcmType.resolve('a', { ...environment(scratch()), kcmSocket });
    const ticket = new Uint8Array(50_000);
    const credentials = ['a', 'b', 'c'].map(host => credential(`host/${host}@A.TEST`, { ticket }));
    await cache.initialize({ principal: alice, credentials });
    const { INITIALIZE, SET_KDC_OFFSET, STORE } = KCM;
    expect(codes).toEqual([INITIALIZE, SET_KDC_OFFSET, STORE, STORE, STORE].map(({ code }) => code));
  });

  it('that disconnects on a long ticket is said to accept none', async () => {
    const kcmSocket = server((_, socket, length) => answerShort(socket, length));
    const cache = kcmType.resolve('a', { ...environment(scratch()), kcmSocket });
    const long = credential('host/a@A.TEST', { ticket: new Uint8Array(150_000) });
    await expect(cache.initialize({ principal: alice, credentials: [long] })).rejects.toMatchObject({
      code: 'CACHE_IO',
      message: expect.stringMatching(/; it seems to accept no request of 150\d\d\d bytes$/),
    });
  });

  it('is not sent what no server accepts, whole or in parts', async () => {
    const codes: number[] = [];
    const kcmSocket = server(code => codes.push(code));
    const cache = kcmType.resolve('a', { ...environment(scratch()), kcmSocket });
    const ticket = new Uint8Array(200_000);
    const credentials = Array.from({ length: 60 }, (_, i) => credential(`host/${i}@A.TEST`, { ticket }));
    await expect(cache.initialize({ principal: alice, credentials })).rejects.toMatchObject({
      code: 'CACHE_IO',
      message: 'KCM servers accept no request of more than 10485760 bytes',
    });
    expect(codes).toEqual([]);
  });

  it('that does not answer a long request is left', async () => {
    const path = join(scratch(), 'kcm');
    const mute = createServer(socket => void socket.on('error', () => undefined).resume()).listen(path);
    onTestFinished(() => void mute.close());
    const credentials = [credential('host/a@A.TEST', { ticket: new Uint8Array(150_000) })];
    const request = { name: 'a', offset: 0, principal: alice, credentials };
    const asking = withKcm(path, kcm => kcm.call(KCM.REPLACE, request), { answer: 3600, sign: 0.1 });
    await expect(asking).rejects.toMatchObject(overdue);
    await expect.poll(promisify(mute.getConnections.bind(mute))).toBe(0);
  });

  it('that disconnects on a short request is not asked for anything else', async () => {
    const codes: number[] = [];
    const kcmSocket = server((code, socket) => {
      codes.push(code);
      socket.destroy();
    });
    const cache = kcmType.resolve('a', { ...environment(scratch()), kcmSocket });
    await expect(cache.initialize({ principal: alice, credentials: [] })).rejects.toMatchObject({
      message: expect.stringMatching(/^The KCM server (broke|closed) the connection$/),
    });
    expect(codes).toEqual([KCM.REPLACE.code]);
  });

  it('may take as long as it likes for many requests together', async () => {
    const path = server((_, socket) => setTimeout(() => socket.write(name), 400));
    await withKcm(
      path,
      async kcm => {
        for (let i = 0; i < 6; i++) await kcm.call(KCM.GET_DEFAULT_CACHE, {});
      },
      { answer: 2, sign: 2 },
    );
  }, 60_000);
});
