import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../../src/cli/command.ts';
import { present } from '../../src/cli/present.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { serve } from '../../src/cli/serve.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { keytab, makeCredential, NOW } from '../ap/made-up.ts';
import { type CapturedIo, type CaptureOptions, captureIo } from '../support/io.ts';
import { writeCache, writeKeytab } from './caches.ts';

/** A command that has not ended yet. */
export interface Background {
  readonly io: CapturedIo;
  readonly ended: Promise<number>;
}

/** Starts a command and waits until its output matches. Throws with what it printed where it ends before. */
export async function startCommand(
  command: Command,
  argv: readonly string[],
  { ready, ...options }: CaptureOptions & { readonly ready: RegExp },
): Promise<Background> {
  const io = captureIo(options);
  let running = true;
  const ended = runCommand(command, argv, io).finally(() => {
    running = false;
  });
  while (!ready.test(io.stdout)) {
    if (!running) throw new Error(io.output);
    await sleep(2);
  }
  return { io, ended };
}

/** A service of one's own: a folder with its keytab, and clients that hold tickets for it; the time is `NOW`. */
export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), 'krb5kit-serve-'));
  readonly keytab = writeKeytab(this.folder, keytab);
  readonly env: Readonly<Record<string, string>> = {
    KRB5_CONFIG: writeConf(this.folder),
    HOME: this.folder,
    KRB5RCACHEDIR: this.folder,
    KRB5_KTNAME: `FILE:${this.keytab}`,
    LC_ALL: 'C',
  };
  private readonly services: Background[] = [];
  private readonly servers: Server[] = [];

  /** Starts `krb5kit serve` on a free port. */
  async serve(argv: readonly string[] = [], options: CaptureOptions = {}) {
    const given: CaptureOptions = { now: () => NOW, ...options, env: { ...this.env, ...options.env } };
    const service = await startCommand(serve, ['--port', '0', ...argv], { ...given, ready: /port\W+\d+/ });
    this.services.push(service);
    return { ...service, port: Number(/port\W+(\d+)/.exec(service.io.stdout)?.[1]) };
  }

  /** Runs `krb5kit present` of one who holds this credential. */
  async present(
    port: number,
    credential: Credential = makeCredential(),
    { argv = [], ...options }: CaptureOptions & { readonly argv?: readonly string[] } = {},
  ) {
    const cache = writeCache(this.folder, [credential], credential.client);
    const io = captureIo({
      now: () => NOW,
      ...options,
      env: { ...this.env, KRB5CCNAME: cache, ...options.env },
    });
    const host = credential.server.components.join('@');
    return { status: await runCommand(present, [host, '--port', `${port}`, ...argv], io), io };
  }

  /** A server that does with each client what it is told; resolves to its port. */
  async listen(talk: (socket: Socket) => void): Promise<number> {
    const server = createServer(talk);
    this.servers.push(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  /** Ends everything and removes the folder. */
  async close(): Promise<void> {
    for (const server of this.servers) server.close();
    for (const { io } of this.services) io.stop();
    await Promise.all(this.services.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true });
  }
}

function writeConf(folder: string): string {
  const path = join(folder, 'krb5.conf');
  const libdefaults = 'default_realm = A.TEST\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\n';
  writeFileSync(path, `[libdefaults]\n${libdefaults}[domain_realm]\nlocalhost = A.TEST\n`);
  return path;
}

/** A connection to a port of this machine; `sent` is all that comes back until its end. */
export async function dial(port: number): Promise<Socket & { readonly received: Promise<Buffer> }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', () => undefined);
  const received = new Promise<Buffer>(resolve => socket.once('close', () => resolve(Buffer.concat(chunks))));
  await new Promise<void>(resolve => socket.once('connect', () => resolve()));
  return Object.assign(socket, { received });
}
