import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { findProgram, peer } from '../support/peers.ts';

/** What those who speak GSS-API in `gss` need to know, all of them the same. */
export interface GssLab {
  readonly service: string;
  /** Paths: the service's keys, and a cache of alice's with a ticket for it. */
  readonly keytab: string;
  readonly ccache: string;
  /** For what is compiled and remembered. */
  readonly folder: string;
  /** What the reference implementation's library goes by. */
  readonly env: Readonly<Record<string, string>>;
  /** A Redis server's, if there is one. */
  readonly redisPort?: number | undefined;
}

/** Has `work` done with a ticket of an MIT KDC's, whose enctype is AES-256 with SHA-1. */
export async function withGssLab<T>(work: (lab: GssLab) => Promise<T>): Promise<T> {
  const kdc = await startMitKdc({ enctypes: 'aes256-cts-hmac-sha1-96:normal' });
  const redis = await startRedis(kdc.dir);
  try {
    const service = `HTTP/localhost@${kdc.realm}`;
    for (const [program, ...args] of [
      ['kinit', '-k', '-t', kdc.clientKeytab, 'alice'],
      ['kvno', service],
    ] as const) {
      const { status, stderr } = await kdc.run(program, args);
      if (status !== 0) throw new Error(stderr);
    }
    return await work({
      service,
      keytab: kdc.keytab,
      ccache: join(kdc.dir, 'ccache'),
      folder: kdc.dir,
      env: kdc.env,
      redisPort: redis?.port,
    });
  } finally {
    await redis?.stop();
    await kdc.stop();
  }
}

async function startRedis(
  folder: string,
): Promise<{ readonly port: number; stop(): Promise<void> } | undefined> {
  const { available, reason } = peer('redis');
  if (!available) {
    console.warn(`Redis is left out: ${reason}`);
    return undefined;
  }
  const port = await freePort();
  const memoryOnly = ['--save', '', '--appendonly', 'no'];
  const server = spawn(
    findProgram('redis-server')!,
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, ...memoryOnly],
    { stdio: 'ignore' },
  );
  const ended = once(server, 'exit');
  return {
    port,
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}
