import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { constants as system } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BareLink, type Shared } from '../../src/agent/bare-link.ts';
import { CONNECTION_LIMITS, serveConnections } from '../../src/agent/connections.ts';
import { ReadMemory } from '../../src/agent/read-memory.ts';
import { takeConnections } from '../../src/agent/sockets.ts';
import { memoryStore } from '../../src/agent/store.ts';
import { writeRequestClass } from '../../src/agent/write-request.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { encodeRequest, KCM } from '../../src/ccache/kcm/protocol.ts';
import { scratch } from '../ccache/samples.ts';
import { contents, credential } from '../ccache/tickets.ts';
import { hungUp, localAgent, rawClient } from './support.ts';

interface Listening {
  readonly path: string;
  readonly server: Server;
}

interface Answering extends Listening {
  /** Whether each answer was taken at once. */
  readonly taken: readonly boolean[];
}

/** A server whose every read is answered with the same bytes. */
async function answering(bytes: Uint8Array, options?: Wishes): Promise<Answering> {
  const taken: boolean[] = [];
  const take = (server: Server): void =>
    takeConnections(server, link => ({
      received: () => void taken.push(link.send(bytes)),
      ended: () => link.hangUp(),
      closed: () => undefined,
    }));
  return { ...(await listening(take, options)), taken };
}

interface Wishes {
  /** By sockets as Node makes them. */
  readonly ordinary?: boolean;
}

/** A server whose connections are taken. */
async function listening(
  take: (server: Server) => void,
  { ordinary = false }: Wishes = {},
): Promise<Listening> {
  const path = join(scratch(), 'socket');
  const server = createServer({ allowHalfOpen: true });
  onTestFinished(() => void server.close());
  if (!ordinary) take(server);
  await new Promise<void>(resolve => server.listen(path, resolve));
  // Too late to go round anything.
  if (ordinary) take(server);
  return { path, server };
}

const nothing = (): void => undefined;

/** What is below a socket, without anything below it. */
const bareHandle = {
  fd: 0,
  bytesRead: 0,
  onread: nothing,
  useUserBuffer: nothing,
  readStart: nothing,
  readStop: nothing,
  writeBuffer: (_request: object, _bytes: Uint8Array) => 0,
  close: nothing,
};

function shared(): Shared {
  const WriteRequest = writeRequestClass()!;
  return { memory: new ReadMemory(16), WriteRequest, spare: new WriteRequest() };
}

async function reply(client: Awaited<ReturnType<typeof rawClient>>): Promise<Uint8Array> {
  const frames = new KcmFrames('replies');
  for (let found = frames.next(); ; found = frames.next()) {
    if (found !== undefined) return found;
    frames.push(await new Promise<Buffer>(resolve => client.once('data', resolve)));
  }
}

const long = Uint8Array.from({ length: 3 << 20 }, (_, i) => (i * 7) & 255);

describe('the connections of a server', () => {
  it.each([false, true])('are answered whole and in order (ordinary sockets: %s)', async ordinary => {
    const { path, taken } = await answering(long, { ordinary });
    const client = await rawClient(path);
    client.pause();
    client.write('a');
    await expect.poll(() => taken).toEqual([false]);
    client.end('b');
    const received: Buffer[] = [];
    for await (const chunk of client) received.push(chunk);
    expect(Buffer.compare(Buffer.concat(received), Buffer.concat([long, long]))).toBe(0);
  });

  it.each([false, true])('stay once all answers have been read (ordinary sockets: %s)', async ordinary => {
    const limits = { ...CONNECTION_LIMITS, patience: 0.4 };
    const answer = (request: Uint8Array) => new Uint8Array(request);
    const { path } = await listening(server => serveConnections(server, answer, limits), { ordinary });
    const client = await rawClient(path);
    const requests = Buffer.concat(Array(1000).fill(Uint8Array.of(0, 0, 0, 4, 1, 2, 3, 4)));
    client.pause();
    client.write(requests);
    await sleep(100);
    let received = 0;
    client.on('data', chunk => {
      received += chunk.length;
    });
    client.resume();
    await expect.poll(() => received).toBe(requests.length);
    await sleep(1000);
    expect(client.closed).toBe(false);
  });

  it('go on when one cannot be accepted', async () => {
    const { path, server } = await answering(long.subarray(0, 10));
    const { _handle } = server as Server & { readonly _handle: { onconnection(error: number): void } };
    _handle.onconnection(-system.errno.EMFILE);
    const client = await rawClient(path);
    client.write('a');
    await new Promise(resolve => client.once('data', resolve));
  });

  it('have the reply taken at once that there is room for', async () => {
    const { path, taken } = await answering(long.subarray(0, 20_000));
    const client = await rawClient(path);
    client.write('a');
    await expect.poll(() => taken).toEqual([true]);
  });
});

const known = process.platform !== 'win32' && writeRequestClass() !== undefined;

describe.runIf(known)('a connection without a socket', () => {
  it('goes on after a turn in which there was nothing to read, and tells of its end', () => {
    const path = join(scratch(), 'fifo');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(fd));
    const handle = { ...bareHandle, fd };
    const told: string[] = [];
    const link = new BareLink(handle, shared(), () => ({
      received: chunk => told.push(String(Buffer.from(chunk))),
      ended: () => told.push('ended'),
      closed: () => told.push('closed'),
    }));
    handle.onread();
    expect(told).toEqual([]);
    writeSync(fd, 'late');
    handle.onread();
    expect(told).toEqual(['late']);
    link.destroy();
    link.destroy();
    expect(link.destroyed).toBe(true);
    expect(told).toEqual(['late', 'closed']);
  });

  // The rest of it may be accepted at the second attempt, and then the queue is empty, but the request in use.
  it('never uses a request for two writes', () => {
    class Request {
      used = false;
      getAsyncId(): number {
        return this.used ? 1 : -1;
      }
      oncomplete(): void {}
    }
    const writeBuffer = (request: object): number => {
      expect((request as Request).used).toBe(false);
      (request as Request).used = true;
      return 0;
    };
    const events = { received: nothing, ended: nothing, closed: nothing };
    const link = new BareLink(
      { ...bareHandle, writeBuffer },
      { memory: new ReadMemory(16), WriteRequest: Request, spare: new Request() },
      () => events,
    );
    for (let i = 0; i < 3; i++) expect(link.send(long)).toBe(false);
  });

  it('answers a client that asks for more than there is room for, and reads fast', async () => {
    const { socket, cache } = await localAgent();
    const ticket = credential('host/a@A.TEST', { ticket: new Uint8Array(250_000) });
    await cache('a').initialize({ ...contents, credentials: [ticket] });
    const client = await rawClient(socket);
    const request = encodeRequest(KCM.GET_CRED_LIST, { name: 'a' });
    for (let round = 0; round < 20; round++) {
      client.write(Buffer.concat(Array(8).fill(request)));
      const frames = new KcmFrames('replies');
      for (let replies = 0; replies < 8; ) {
        frames.push(await new Promise<Buffer>(resolve => client.once('data', resolve)));
        while (frames.next() !== undefined) replies++;
      }
    }
  });

  it('is over when its client goes with an answer on the way, for whoever waits for that', async () => {
    const path = join(scratch(), 'socket');
    const server = createServer();
    onTestFinished(() => void server.close());
    const told: string[] = [];
    takeConnections(server, link => {
      expect(link).toBeInstanceOf(BareLink);
      return {
        received() {
          expect(link.send(long)).toBe(false);
          // All of it is kept, whatever the system has accepted.
          expect(link.unsent).toBe(long.length);
          link.hangUp();
          void link.drained().then(() => told.push('drained'));
        },
        ended: () => link.destroy(),
        closed: () => told.push('closed'),
      };
    });
    await new Promise<void>(resolve => server.listen(path, resolve));
    const client = await rawClient(path);
    client.write('a');
    await new Promise(resolve => client.once('data', resolve));
    client.destroy();
    await expect.poll(() => told.sort()).toEqual(['closed', 'drained']);
  });

  it('survives a request that fills the memory for reading', async () => {
    const { socket } = await localAgent();
    const client = await rawClient(socket);
    const frame = Buffer.alloc(64 << 10);
    frame.writeUInt32BE(frame.length - 4);
    for (let i = 0; i < 3; i++) {
      client.write(frame);
      expect((await reply(client)).length).toBeGreaterThan(0);
    }
  });

  it('answers a client that has ended its side already', async () => {
    const { socket, cache } = await localAgent();
    await cache('a').initialize(contents);
    const client = await rawClient(socket);
    client.end(encodeRequest(KCM.GET_PRINCIPAL, { name: 'a' }));
    expect((await reply(client)).length).toBeGreaterThan(8);
    await hungUp(client);
  });
});

it('the class of requests is unknown where Node writes without one', async () => {
  vi.resetModules();
  const write = vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket) {
    const { _handle } = this as Socket & { readonly _handle: { writeBuffer(request: null): void } };
    _handle.writeBuffer(null);
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const fresh = await import('../../src/agent/write-request.ts');
  expect(fresh.writeRequestClass()).toBeUndefined();
});

describe('requests whose memory is used again', () => {
  it('stay what they were while the rest of them is awaited', async () => {
    const { socket, cache } = await localAgent();
    await cache('a').initialize(contents);
    const [slow, other] = [await rawClient(socket), await rawClient(socket)];
    const request = encodeRequest(KCM.GET_PRINCIPAL, { name: 'a' });
    other.write(request);
    const expected = await reply(other);
    slow.write(request.subarray(0, 7));
    for (let i = 0; i < 3; i++) {
      other.write(encodeRequest(KCM.GET_PRINCIPAL, { name: 'elsewhere' }));
      await reply(other);
    }
    slow.write(request.subarray(7));
    expect(await reply(slow)).toEqual(expected);
  });

  it('leave their tickets behind', async () => {
    const store = memoryStore();
    const { socket, cache } = await localAgent({ store });
    const ticket = credential('host/a@A.TEST', { ticket: new Uint8Array(1000).fill(7) });
    await cache('a').initialize({ ...contents, credentials: [ticket] });
    const other = await rawClient(socket);
    other.write(encodeRequest(KCM.GET_PRINCIPAL, { name: 'x'.repeat(4000) }));
    await reply(other);
    expect((await store.read()).members.get('a')?.credentials).toEqual([ticket]);
  });

  it('do no harm when their client is gone before they are answered', async () => {
    const { socket, cache } = await localAgent();
    await cache('a').initialize(contents);
    const client = await rawClient(socket);
    for (let i = 0; i < 100; i++) client.write(encodeRequest(KCM.GET_PRINCIPAL, { name: 'a' }));
    client.destroy();
    await hungUp(client);
    expect((await cache('a').load()).principal).toEqual(contents.principal);
  });
});
