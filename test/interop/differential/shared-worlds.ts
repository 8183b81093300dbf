import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestAgent } from '../../support/agent.ts';
import type { Environment } from '../../support/both-programs.ts';
import type { Side, World } from '../../support/differential.ts';
import { startHeimdalKcm } from '../../support/heimdal-kcm.ts';
import { startKeyringSession } from '../../support/keyring-session.ts';

/** A world with something besides files, which ends with it. */
export interface SharedWorld extends World {
  stop(): Promise<void>;
}

/** A session keyring for each of the two. */
export function keyringWorld(files: World): SharedWorld {
  const sessions = { our: startKeyringSession(), their: startKeyringSession() };
  return {
    ...files,
    run(side, [path = '', ...argv], env, input) {
      return sessions[side].run(path, argv, env, input);
    },
    async stop() {
      await Promise.all([sessions.our.close(), sessions.their.close()]);
    },
  };
}

/** A server for the caches of each of the two: our agent, or Heimdal's. */
export async function kcmWorld(server: 'agent' | 'heimdal', files: World): Promise<SharedWorld> {
  const [our, their] = await Promise.all([startServer(server), startServer(server)]);
  const home = mkdtempSync(join(tmpdir(), 'krb5kit-kcm-'));
  const configuration = (side: Side, socket: string): Environment => {
    const path = join(home, `${side}.conf`);
    writeFileSync(path, `[libdefaults]\n  kcm_socket = ${socket}\n`);
    return { KRB5_CONFIG: `$D/krb5.conf:${path}` };
  };
  return {
    ...files,
    own: { our: configuration('our', our.socket), their: configuration('their', their.socket) },
    async stop() {
      await Promise.all([our.stop(), their.stop()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

interface Server {
  readonly socket: string;
  stop(): Promise<void>;
}

async function startServer(server: 'agent' | 'heimdal'): Promise<Server> {
  if (server === 'heimdal') return startHeimdalKcm();
  const agent = await startTestAgent(['--memory'], { PATH: '/usr/bin:/bin' });
  return { socket: join(agent.env.HEIM_IPC_DIR!, '.heim_org.h5l.kcm-socket'), stop: agent.stop };
}
