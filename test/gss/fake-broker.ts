import { createServer, type Socket } from 'node:net';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createSaslServer, type SaslServer } from '../../src/gss/sasl/server.ts';

// The part of a Kafka broker that a client needs to sign in by GSSAPI, in Kafka's protocol: ApiVersions, SaslHandshake
// (KIP-43), SaslAuthenticate (KIP-152), and Metadata for those who have signed in.

const METADATA = 3;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;
/** The versions that this broker knows; all of them are without tagged fields. */
const VERSIONS = [
  [METADATA, 0, 0],
  [SASL_HANDSHAKE, 1, 1],
  [API_VERSIONS, 0, 1],
  [SASL_AUTHENTICATE, 0, 0],
] as const;

const SASL_AUTHENTICATION_FAILED = 58;
const UNSUPPORTED_VERSION = 35;

export interface FakeBroker {
  readonly port: number;
  /** Who has signed in, connection by connection. */
  readonly signedIn: readonly string[];
  stop(): Promise<void>;
}

export interface FakeBrokerOptions {
  /** A context for each client. */
  accept(): SecurityContext;
  nameOf(context: SecurityContext): string;
  readonly topics: readonly string[];
}

interface Connection {
  readonly context: SecurityContext;
  sasl: SaslServer | undefined;
}

/** Starts on a free port of the loopback interface. */
export async function startFakeBroker({ accept, nameOf, topics }: FakeBrokerOptions): Promise<FakeBroker> {
  const signedIn: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const connection: Connection = { context: accept(), sasl: undefined };
    let received = Buffer.alloc(0);
    let answered = Promise.resolve();
    socket.on('data', bytes => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        const request = received.subarray(4, end);
        received = received.subarray(end);
        answered = answered.then(async () => {
          const body = await answer(request, connection);
          if (body === undefined) socket.destroy();
          else socket.write(sized(Buffer.concat([request.subarray(4, 8), body])));
        });
      }
    });
  });

  async function answer(request: Buffer, connection: Connection): Promise<Buffer | undefined> {
    const [key, version] = [request.readInt16BE(0), request.readInt16BE(2)];
    // Key, version, correlation, client ID.
    const body = request.subarray(10 + Math.max(request.readInt16BE(8), 0));
    if (key === API_VERSIONS) return apiVersions(version);
    if (key === SASL_HANDSHAKE) {
      const isKnown = body.toString('utf8', 2) === 'GSSAPI';
      if (isKnown)
        connection.sasl = createSaslServer('GSSAPI', connection.context, { protections: ['none'] });
      return Buffer.concat([int16(isKnown ? 0 : 33), int32(1), text('GSSAPI')]);
    }
    if (key === SASL_AUTHENTICATE && connection.sasl !== undefined) return authenticate(body, connection);
    // A broker closes the connection of those who have not signed in.
    return key === METADATA && connection.sasl?.complete ? metadata() : undefined;
  }

  async function authenticate(body: Buffer, { sasl, context }: Connection): Promise<Buffer> {
    try {
      const said = await sasl!.step(body.subarray(4));
      if (sasl!.complete) signedIn.push(nameOf(context));
      return Buffer.concat([int16(0), int16(-1), sized(Buffer.from(said ?? []))]);
    } catch (error) {
      return Buffer.concat([int16(SASL_AUTHENTICATION_FAILED), text((error as Error).message), int32(0)]);
    }
  }

  function metadata(): Buffer {
    const broker = Buffer.concat([int32(1), text('localhost'), int32(port)]);
    const rows = topics.map(name => Buffer.concat([int16(0), text(name), int32(0)]));
    return Buffer.concat([int32(1), broker, int32(rows.length), ...rows]);
  }

  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    signedIn,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function apiVersions(version: number): Buffer {
  if (version > 1) return Buffer.concat([int16(UNSUPPORTED_VERSION), int32(0)]);
  const rows = VERSIONS.map(row => Buffer.concat(row.map(int16)));
  return Buffer.concat([int16(0), int32(rows.length), ...rows, ...(version > 0 ? [int32(0)] : [])]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([int32(bytes.length), bytes]);
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
