import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type AgentSocket, listenPrivately } from '../../src/agent/listen.ts';
import { scratch } from '../ccache/samples.ts';

const uid = process.getuid!();

async function listen(socket: AgentSocket, user = uid): Promise<void> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await listenPrivately(server, socket, { uid: user, dataDirectory: join(dirname(socket.path), 'data') });
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe('the socket of an agent', () => {
  it('is for its owner alone, and so is its directory', async () => {
    const path = join(scratch(), 'new', 'kcm');
    await listen({ path });
    expect([mode(dirname(path)), mode(path)]).toEqual([0o700, 0o600]);
  });

  it('has its directory closed to others', async () => {
    const directory = scratch();
    chmodSync(directory, 0o755);
    await listen({ path: join(directory, 'kcm') });
    expect(mode(directory)).toBe(0o700);
  });

  it('takes the place of one that a killed agent has left', async () => {
    const path = join(scratch(), 'kcm');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(statSync(path).isSocket()).toBe(true);
    await listen({ path });
  });

  it('is left to another agent that answers', async () => {
    const path = join(scratch(), 'kcm');
    await listen({ path });
    await expect(listen({ path })).rejects.toThrow(`Another agent listens on ${path}`);
  });

  it('is bound once by many that start together', async () => {
    const path = join(scratch(), 'kcm');
    const started = await Promise.allSettled(Array.from({ length: 5 }, () => listen({ path })));
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not remove what is no socket', async () => {
    const path = join(scratch(), 'kcm');
    writeFileSync(path, 'precious');
    await expect(listen({ path })).rejects.toThrow('is no socket');
  });

  it('is not put into a directory of somebody else', async () => {
    const directory = join(scratch(), 'theirs');
    mkdirSync(directory);
    await expect(listen({ path: join(directory, 'kcm') }, uid + 1)).rejects.toThrow(
      'is not a directory of ours',
    );
  });

  it('has a path that fits its address', async () => {
    await expect(listen({ path: join(scratch(), 'x'.repeat(100)) })).rejects.toThrow('longer than 103 bytes');
  });
});
