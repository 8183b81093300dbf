import { spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ByteStream } from '../../src/ap/byte-stream.ts';
import { socketStream } from '../../src/ap/socket-stream.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { type SampleMessage, serveGssSample, talkToGssSample } from '../../src/gss/sample.ts';
import { killAtExit, untilListening } from './daemons.ts';
import { freePort } from './free-port.ts';
import { findProgram } from './peers.ts';

const PATIENCE = 30;

/** Opens a context with a gss-server and sends it messages; each must be answered with a valid MIC. */
export async function talkToGssServer(
  port: number,
  context: SecurityContext,
  messages: readonly SampleMessage[],
): Promise<void> {
  const socket = await connected(port);
  try {
    await talkToGssSample(socketStream(socket, { timeout: PATIENCE }), context, messages);
  } finally {
    socket.destroy();
  }
}

/** What a gss-client has done with our service. */
interface Served {
  readonly messages: readonly string[];
  readonly context: SecurityContext;
}

interface SampleService {
  readonly port: number;
  readonly server: Server;
  /** The visit of the first client. */
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
  const messages: string[] = [];
  await serveGssSample(stream, context, ({ message }) => messages.push(Buffer.from(message).toString()));
  return { messages, context };
}

/** MIT's gss-server. */
export interface GssServer {
  readonly port: number;
  /** All its output. */
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
  await untilListening(child, [{ port, host: '127.0.0.1' }], () => output);
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

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}
