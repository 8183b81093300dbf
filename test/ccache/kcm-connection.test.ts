import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withKcm } from '../../src/ccache/kcm/connection.ts';
import { encodeReply, KCM, operationOf } from '../../src/ccache/kcm/protocol.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { environment, scratch } from './samples.ts';

/** A server that does with each operation, by its number, what `answer` does; returns its socket. */
function server(answer: (code: number, socket: Socket) => void): string {
  const path = join(scratch(), 'kcm');
  const sockets = new Set<Socket>();
  const listening = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', chunk => answer(operationOf(new Uint8Array(chunk.subarray(4))), socket));
  }).listen(path);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return path;
}

const noop = encodeReply(KCM.NOOP, {});
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
