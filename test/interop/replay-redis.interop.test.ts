import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { redisReplayCache } from '../../src/ap/replay-redis.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { keytab, makeCredential, NOW } from '../ap/made-up.ts';
import { killAtExit } from '../support/daemons.ts';
import { freePort } from '../support/free-port.ts';
import { describePeer, findProgram } from '../support/peers.ts';

const now = () => NOW;

describePeer('redis', () => {
  let dir: string;
  let server: ReturnType<typeof spawn>;
  let clients: ReturnType<typeof createClient>[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'redis-'));
    const port = await freePort();
    const args = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--save',
      '',
      '--appendonly',
      'no',
    ];
    server = spawn(findProgram('redis-server')!, args, { stdio: 'ignore' });
    killAtExit(server);
    // The clients of two acceptors, which wait until it listens.
    clients = [1, 2].map(() => createClient({ url: `redis://127.0.0.1:${port}` }));
    for (const client of clients) client.on('error', () => undefined);
    await Promise.all(clients.map(client => client.connect()));
  });
  afterAll(async () => {
    for (const client of clients ?? []) client.destroy();
    const ended = new Promise(resolve => server.once('exit', resolve));
    if (server.exitCode === null) {
      server.kill('SIGKILL');
      await ended;
    }
    rmSync(dir, { recursive: true, force: true });
  });

  it('what one acceptor has accepted another refuses', async () => {
    const [one, other] = clients.map(client => redisReplayCache(client));
    const { apReq } = createApReq(makeCredential(), { now });
    await acceptApReq(apReq, { keytab, now, replayCache: one });
    const again = acceptApReq(apReq, { keytab, now, replayCache: other });
    await expect(again).rejects.toMatchObject({ errorCode: 34 });
  });

  it('of many that are shown a request at once, one accepts it', async () => {
    const { apReq } = createApReq(makeCredential(), { now });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        acceptApReq(apReq, { keytab, now, replayCache: redisReplayCache(clients[i % 2]!) }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('an authenticator is forgotten once it is too old', async () => {
    const [client] = clients;
    const tag = randomBytes(12);
    await redisReplayCache(client!, { prefix: 'p:', clockskew: 300 }).check(tag, NOW, NOW);
    const left = await client!.pTTL(`p:${Buffer.from(tag).toString('hex')}`);
    expect(left).toBeGreaterThan(500_000);
    expect(left).toBeLessThanOrEqual(601_000);
  });
});
