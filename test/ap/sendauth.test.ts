import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AcceptOptions } from '../../src/ap/acceptor.ts';
import { ApError } from '../../src/ap/ap-error.ts';
import { type ByteStream, framed } from '../../src/ap/byte-stream.ts';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { presentToSample, serveSample } from '../../src/ap/sample-service.ts';
import { recvAuth, sendAuth } from '../../src/ap/sendauth.ts';
import { type SocketStreamOptions, socketStream } from '../../src/ap/socket-stream.ts';
import { KdcError } from '../../src/messages/krb-error.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { alice, keytab, makeCredential, NOW } from './made-up.ts';

const now = () => NOW;
const applicationVersion = 'test 1';
const VERSION = 'KRB5_SENDAUTH_V1.0\0';
const SENDAUTH = expect.objectContaining({ code: 'SENDAUTH' });

describe('the sample service', () => {
  it('tells its client who it is', async () => {
    const { ours, theirs } = await both(
      client => presentToSample(socketStream(client), makeCredential(), { host: 'localhost', now }),
      service => serveSample(socketStream(service), { keytab, now, checksumData: Buffer.from('localhost') }),
    );
    expect(resultOf(ours)).toMatchObject({ text: 'You are alice@A.TEST\n', session: { mutual: true } });
    expect(resultOf(theirs).session.client).toEqual(alice);
  });

  it('refuses a replay, and its client learns why', async () => {
    const replayCache = createMemoryReplayCache();
    const recorded: Uint8Array[] = [];
    await both(
      client => {
        const stream = recording(socketStream(client), recorded);
        return presentToSample(stream, makeCredential(), { host: 'x', now });
      },
      service => serveSample(socketStream(service), { keytab, now, replayCache }),
    );
    const { ours, theirs } = await both(
      async client => {
        client.write(Buffer.concat(recorded));
        return bytesUntilEnd(client);
      },
      service => serveSample(socketStream(service), { keytab, now, replayCache }),
    );
    expect(errorOf(theirs)).toMatchObject({ errorCode: 34 });
    expect(resultOf(ours).subarray(0, 1)).toEqual(Buffer.of(0));
    expect(resultOf(ours).toString('latin1')).toContain('KRB_AP_ERR_REPEAT');
  });
});

describe('the sendauth dialogue', () => {
  it('works without mutual authentication, too', async () => {
    const { ours, theirs } = await dialogue({});
    expect(resultOf(ours).mutual).toBe(false);
    expect(resultOf(theirs).session.mutual).toBe(false);
  });

  it('brings the service’s refusal to the client', async () => {
    const { ours, theirs } = await dialogue({ server: parsePrincipal('host/localhost@A.TEST') });
    expect(errorOf(ours)).toBeInstanceOf(KdcError);
    expect(errorOf(ours)).toMatchObject({
      code: 'SERVER_REFUSED',
      errorCode: 35,
      reply: { sname: { nameString: ['host', 'localhost'] } },
    });
    expect(errorOf(theirs)).toBeInstanceOf(ApError);
  });

  it('ends where the applications differ', async () => {
    const { ours, theirs } = await both(
      client => sendAuth(socketStream(client), makeCredential(), { applicationVersion: 'test 2', now }),
      service => recvAuth(socketStream(service), { keytab, now, applicationVersion }),
    );
    expect(errorOf(ours)).toEqual(SENDAUTH);
    expect(errorOf(theirs)).toMatchObject({ message: expect.stringContaining('application version') });
  });

  it('works when every byte comes on its own', async () => {
    const { ours } = await both(
      client => presentToSample(socketStream(client), makeCredential(), { host: 'x', now }),
      service => serveSample(socketStream(trickling(service)), { keytab, now }),
    );
    expect(resultOf(ours).text).toBe('You are alice@A.TEST\n');
  });
});

describe('a service does not wait for, nor store, what a hostile client', () => {
  it.each<[string, Uint8Array]>([
    ['calls another dialogue', framed(Buffer.from('KRB5_SENDAUTH_V9.9\0'), Buffer.from('test 1\0'))],
    ['calls a version without end', Buffer.from('00000000', 'hex')],
    ['announces too long a version', Buffer.from('00000401', 'hex')],
    ['announces four gigabytes', Buffer.from('ffffffff', 'hex')],
    [
      'announces too long a request',
      Buffer.concat([
        framed(Buffer.from(VERSION), Buffer.from(`${applicationVersion}\0`)),
        Buffer.from('00100001', 'hex'),
      ]),
    ],
    ['leaves in the middle', Buffer.from('0000001344', 'hex')],
  ])('%s', async (_, bytes) => {
    const { theirs } = await both(
      async client => void client.end(bytes),
      service => recvAuth(socketStream(service), { keytab, now, applicationVersion }),
    );
    expect(errorOf(theirs)).toEqual(SENDAUTH);
  });

  it('never says', async () => {
    const { theirs } = await both(
      client => bytesUntilEnd(client),
      service => recvAuth(socketStream(service, { timeout: 0.05 }), { keytab, now, applicationVersion }),
    );
    expect(errorOf(theirs)).toMatchObject({
      code: 'SENDAUTH',
      message: expect.stringContaining('did not answer in time'),
    });
  });

  it('says too slowly', async () => {
    const { theirs } = await both(
      async client => {
        const timer = setInterval(() => client.write(Buffer.of(0)), 20);
        await bytesUntilEnd(client);
        clearInterval(timer);
      },
      service => recvAuth(socketStream(service, { timeout: 0.05 }), { keytab, now, applicationVersion }),
    );
    expect(errorOf(theirs)).toEqual(SENDAUTH);
  });
});

describe('a client does not trust a service that', () => {
  const versions = Buffer.of(0);
  it.each<[string, Uint8Array, unknown]>([
    ['says nothing', Buffer.alloc(0), SENDAUTH],
    ['refuses the dialogue', Buffer.of(1), SENDAUTH],
    ['answers out of turn', Buffer.of(77), SENDAUTH],
    ['leaves after the versions', versions, SENDAUTH],
    ['announces four gigabytes', Buffer.from('00ffffffff', 'hex'), SENDAUTH],
    [
      'refuses with junk',
      Buffer.concat([versions, framed(Buffer.from('junk'))]),
      expect.objectContaining({ code: 'CODEC' }),
    ],
    [
      'accepts and proves nothing',
      Buffer.concat([versions, framed(new Uint8Array(0), Buffer.from('junk'))]),
      expect.objectContaining({ code: 'CODEC' }),
    ],
  ])('%s', async (_, bytes, expected) => {
    const { ours } = await both(
      client => presentToSample(socketStream(client), makeCredential(), { host: 'x', now }),
      service => {
        service.end(bytes);
        return bytesUntilEnd(service);
      },
    );
    expect(errorOf(ours)).toEqual(expected);
  });
});

describe('a stream over a socket', () => {
  it('ends a read when it is aborted', async () => {
    const controller = new AbortController();
    const { theirs } = await both(
      client => bytesUntilEnd(client),
      async service => {
        const reading = socketStream(service, { signal: controller.signal }).read(1);
        setTimeout(() => controller.abort(), 10);
        return reading;
      },
    );
    expect(errorOf(theirs)).toMatchObject({ code: 'ABORTED' });
    const late = await readFrom(Buffer.of(1), { signal: controller.signal });
    expect(errorOf(late)).toMatchObject({ code: 'ABORTED' });
  });

  it('gives what came before the end', async () => {
    expect(resultOf(await readFrom(Buffer.from('ab')))).toEqual(Buffer.from('a'));
  });

  it('does not take in more than somebody wants to read', async () => {
    const { theirs } = await both(
      async client => {
        client.on('error', () => undefined);
        client.write(Buffer.alloc(64 << 20));
      },
      async service => {
        await socketStream(service).read(10);
        await new Promise(resolve => setTimeout(resolve, 100));
        return service.bytesRead;
      },
    );
    expect(resultOf(theirs)).toBeLessThan(1 << 20);
  });
});

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

function dialogue(options: Partial<AcceptOptions>) {
  return both(
    client => sendAuth(socketStream(client), makeCredential(), { applicationVersion, now }),
    service => recvAuth(socketStream(service), { keytab, now, applicationVersion, ...options }),
  );
}

/** Both ends of one connection at work; each is closed when its work is done. */
async function both<A, B>(
  client: (socket: Socket) => Promise<A>,
  service: (socket: Socket) => Promise<B>,
): Promise<{ readonly ours: Outcome<A>; readonly theirs: Outcome<B> }> {
  const server = createServer();
  const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  const [ours, theirs] = await Promise.all([
    outcomeOf(client(socket)).finally(() => socket.end()),
    accepted.then(peer => outcomeOf(service(peer)).finally(() => peer.destroySoon())),
  ]);
  socket.destroy();
  server.close();
  return { ours, theirs };
}

async function readFrom(bytes: Uint8Array, options?: SocketStreamOptions): Promise<Outcome<Uint8Array>> {
  const { theirs } = await both(
    async client => void client.end(bytes),
    async service => {
      await new Promise(resolve => setTimeout(resolve, 20));
      return socketStream(service, options).read(1);
    },
  );
  return theirs;
}

function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function resultOf<T>(outcome: Outcome<T>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

function errorOf(outcome: Outcome<unknown>): unknown {
  if ('error' in outcome) return outcome.error;
  throw new Error('nothing was thrown');
}

/** A stream that keeps what is written to it. */
function recording(stream: ByteStream, recorded: Uint8Array[]): ByteStream {
  return {
    read: length => stream.read(length),
    write(bytes) {
      recorded.push(bytes);
      return stream.write(bytes);
    },
  };
}

/** A socket whose data comes byte by byte. */
function trickling(socket: Socket): Duplex {
  const pieces = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => void socket.write(chunk, done),
  });
  socket.on('data', chunk => {
    for (const byte of chunk) pieces.push(Buffer.of(byte));
  });
  return pieces;
}

async function bytesUntilEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
