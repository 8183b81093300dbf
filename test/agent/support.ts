import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AgentOptions, startAgent } from '../../src/agent/agent.ts';
import { memoryStore } from '../../src/agent/store.ts';
import type { Ccache, CcacheCollection } from '../../src/ccache/ccache.ts';
import { type KcmConnection, withKcm } from '../../src/ccache/kcm/connection.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { environment, scratch } from '../ccache/samples.ts';
import { NOW } from '../ccache/tickets.ts';

/** An agent of user 1000 in this process, with our own client. */
export interface LocalAgent {
  readonly socket: string;
  readonly log: string[];
  readonly ended: Promise<void>;
  close(): Promise<void>;
  cache(name: string): Ccache;
  readonly collection: CcacheCollection;
  names(): Promise<readonly string[]>;
  ask<T>(work: (kcm: KcmConnection) => Promise<T>): Promise<T>;
}

export async function localAgent(options: Partial<AgentOptions> = {}): Promise<LocalAgent> {
  const directory = scratch();
  const path = options.socket?.path ?? join(directory, 'agent', 'kcm');
  const log: string[] = [];
  const agent = await startAgent({
    socket: { path },
    store: memoryStore(),
    uid: process.getuid!(),
    pid: 4711,
    dataDirectory: join(directory, 'data'),
    now: () => NOW,
    log: line => log.push(line),
    ...options,
  });
  onTestFinished(() => agent.close());
  const here = { ...environment(directory), kcmSocket: path };
  const collection = kcmType.collection!('', here)!;
  return {
    socket: path,
    log,
    ended: agent.closed,
    close: () => agent.close(),
    cache: name => kcmType.resolve(name, here),
    collection,
    names: async () => (await collection.list()).map(({ residual }) => residual),
    ask: work => withKcm(path, work),
  };
}

/** A client that sends what it likes. */
export async function rawClient(path: string): Promise<Socket> {
  const socket = connect(path);
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return socket;
}

/** Resolves once the other side has hung up. */
export function hungUp(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) resolve();
    socket.once('close', () => resolve());
    socket.resume();
  });
}
