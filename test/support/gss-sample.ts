import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ByteStream } from '../../src/ap/byte-stream.ts';
import { socketStream } from '../../src/ap/socket-stream.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { freePort } from './free-port.ts';
import { killAtExit } from './kill-at-exit.ts';
import { findProgram } from './peers.ts';

// The protocol of MIT's gss-client and gss-server: each token with an octet of flags and its length before it.

const NOOP = 0x01;
const CONTEXT = 0x02;
const DATA = 0x04;
const MIC = 0x08;
const CONTEXT_NEXT = 0x10;
const WRAPPED = 0x20;
const ENCRYPTED = 0x40;
const SEND_MIC = 0x80;
const NONE = new Uint8Array(0);
const PATIENCE = 30;

/** Opens a context with a gss-server and sends it messages; each must come back vouched for. */
export async function talkToGssServer(
  port: number,
  context: SecurityContext,
  messages: readonly { readonly message: Uint8Array; readonly seal: boolean }[],
): Promise<void> {
  const socket = await connected(port);
  const stream = socketStream(socket, { timeout: PATIENCE });
  try {
    await send(stream, NOOP | CONTEXT_NEXT, NONE);
    for (let token = await context.step(); token !== undefined; ) {
      await send(stream, CONTEXT, token);
      token = context.established ? undefined : await context.step((await receive(stream)).token);
    }
    for (const { message, seal } of messages) {
      const flags = DATA | WRAPPED | SEND_MIC | (seal ? ENCRYPTED : 0);
      await send(stream, flags, context.wrap(message, { seal }));
      const answer = await receive(stream);
      if (answer.flags !== MIC) throw new Error(`an answer of another kind: ${answer.flags}`);
      context.verifyMic(message, answer.token);
    }
    await send(stream, NOOP, NONE);
  } finally {
    socket.destroy();
  }
}

/** What a gss-client did with us. */
export interface Served {
  readonly messages: readonly string[];
  readonly context: SecurityContext;
}

export interface SampleService {
  readonly port: number;
  readonly server: Server;
  /** The first client's visit. */
  readonly served: Promise<Served>;
}

/** A service for one gss-client. */
export async function serveGssClient(context: SecurityContext): Promise<SampleService> {
  const server = createServer();
  const served = new Promise<Socket>(resolve => server.once('connection', resolve)).then(socket =>
    serve(socketStream(socket, { timeout: PATIENCE }), context).finally(() => socket.destroySoon()),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as { port: number }).port, server, served };
}

async function serve(stream: ByteStream, context: SecurityContext): Promise<Served> {
  await receive(stream);
  while (!context.established) {
    const reply = await context.step((await receive(stream)).token);
    if (reply !== undefined) await send(stream, CONTEXT, reply);
  }
  const messages: string[] = [];
  for (;;) {
    const { flags, token } = await receive(stream);
    if (flags & NOOP) return { messages, context };
    const { message, sealed } = flags & WRAPPED ? context.unwrap(token) : { message: token, sealed: false };
    if (flags & WRAPPED && sealed !== ((flags & ENCRYPTED) !== 0))
      throw new Error('sealed otherwise than said');
    messages.push(Buffer.from(message).toString());
    await (flags & SEND_MIC ? send(stream, MIC, context.mic(message)) : send(stream, NOOP, NONE));
  }
}

/** MIT's gss-server. */
export interface GssServer {
  readonly port: number;
  /** All that it has said. */
  output(): string;
  stop(): Promise<void>;
}

export async function startGssServer(
  service: string,
  env: Readonly<Record<string, string>>,
): Promise<GssServer> {
  const port = await freePort();
  const args = ['-port', `${port}`, '-export', service];
  const child = spawn(findProgram('gss-server')!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  killAtExit(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  await listening(port, child);
  return {
    port,
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      (await connected(port)).destroy();
      return;
    } catch (error) {
      if (tries === 400 || child.exitCode !== null) throw error;
      await new Promise(resolve => setTimeout(resolve, 25));
    }
  }
}

async function send(stream: ByteStream, flags: number, token: Uint8Array): Promise<void> {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags);
  header.writeUInt32BE(token.length, 1);
  await stream.write(Buffer.concat([header, token]));
}

async function receive(stream: ByteStream): Promise<{ readonly flags: number; readonly token: Uint8Array }> {
  const header = Buffer.from(await stream.read(5));
  const length = header.readUInt32BE(1);
  return { flags: header[0]!, token: length === 0 ? NONE : await stream.read(length) };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}
