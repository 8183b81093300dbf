import { createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createSaslServer, type SaslServer } from '../../src/gss/sasl/server.ts';

// The part of a MongoDB server that a client needs to sign in by GSSAPI: commands come and go in OP_MSG.

const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** A header, then flags, then the kind of the one section. */
const PREFIX_BYTES = HEADER_BYTES + 5;

export interface FakeMongod {
  readonly port: number;
  /** What the clients who signed in said of themselves, and who they were. */
  readonly signedIn: readonly { readonly authzid: string | undefined; readonly principal: string }[];
  stop(): Promise<void>;
}

export interface FakeMongodOptions {
  /** A context for each client. */
  accept(): SecurityContext;
  nameOf(context: SecurityContext): string;
}

interface Connection {
  readonly context: SecurityContext;
  sasl: SaslServer | undefined;
}

/** Starts on a free port of 127.0.0.1. */
export async function startFakeMongod({ accept, nameOf }: FakeMongodOptions): Promise<FakeMongod> {
  const signedIn: { authzid: string | undefined; principal: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const connection: Connection = { context: accept(), sasl: undefined };
    let received = Buffer.alloc(0);
    let answered = Promise.resolve();
    socket.on('data', bytes => {
      received = Buffer.concat([received, bytes]);
      for (let length = lengthOf(received); received.length >= length; length = lengthOf(received)) {
        const message = received.subarray(0, length);
        received = received.subarray(length);
        answered = answered.then(async () => {
          const command = BSON.deserialize(message.subarray(PREFIX_BYTES));
          socket.write(reply(message.readInt32LE(4), await answer(command, connection)));
        });
      }
    });
  });

  async function answer(command: BSON.Document, connection: Connection): Promise<BSON.Document> {
    if ('hello' in command || 'ismaster' in command) return hello;
    try {
      if ('saslStart' in command) {
        connection.sasl = createSaslServer('GSSAPI', connection.context, { protections: ['none'] });
        return await converse(command, connection);
      }
      if ('saslContinue' in command) return await converse(command, connection);
    } catch (error) {
      return { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: (error as Error).message };
    }
    if (connection.sasl?.complete) return { ok: 1 };
    return { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: 'authentication is required' };
  }

  async function converse({ payload }: BSON.Document, { sasl, context }: Connection): Promise<BSON.Document> {
    const said = await sasl!.step(Buffer.from(payload, 'base64'));
    const done = sasl!.complete;
    if (done) signedIn.push({ authzid: sasl!.authzid, principal: nameOf(context) });
    return { ok: 1, conversationId: 1, done, payload: Buffer.from(said ?? []).toString('base64') };
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    signedIn,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

const hello = {
  ok: 1,
  isWritablePrimary: true,
  helloOk: true,
  minWireVersion: 0,
  maxWireVersion: 25,
  maxBsonObjectSize: 1 << 24,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
};

function lengthOf(received: Buffer): number {
  return received.length < HEADER_BYTES ? Number.POSITIVE_INFINITY : received.readInt32LE(0);
}

function reply(to: number, document: BSON.Document): Buffer {
  const body = BSON.serialize(document);
  const message = Buffer.alloc(PREFIX_BYTES + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(to, 8);
  message.writeInt32LE(OP_MSG, 12);
  message.set(body, PREFIX_BYTES);
  return message;
}
