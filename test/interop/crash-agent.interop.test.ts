import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SealedCaches } from '../../src/ccache/sealed/caches.ts';
import { type Daemon, startBuilt } from '../support/built-commands.ts';
import { seal, sealedHoldings } from '../support/crash-keychain.ts';
import { type CrashLab, type Home, startCrashLab } from '../support/crash-lab.ts';
import { AT_ONCE, atEachStep, killPoint, stepsOf, wasKilled } from '../support/kill-points.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

// An agent is killed at each of its steps while a client of MIT's has it store a ticket.

const OLD = '*alice: krbtgt/CRASH.TEST host/kept.example';
const NEW = `${OLD} host/wanted.example`;

describePeer('mit-client', () => {
  describePeer('secret-service', () => {
    let sessions: readonly SecretServiceSession[];
    let lab: CrashLab;
    let before: SealedCaches;

    beforeAll(async () => {
      sessions = await Promise.all(Array.from({ length: AT_ONCE }, () => startSecretService()));
      lab = await startCrashLab();
      before = { primary: 'alice@CRASH.TEST', members: new Map([['alice@CRASH.TEST', lab.tickets]]) };
    });
    afterAll(async () => {
      await lab?.stop();
      await Promise.all((sessions ?? []).map(session => session.stop()));
    });

    async function prepared(worker: number): Promise<Home> {
      const home = lab.home('KCM:', sessions[worker]!.environment);
      await seal(home, before);
      const conf = join(home.data, 'agent/krb5.conf');
      home.env.KRB5_CONFIG = `${conf}:${home.env.KRB5_CONFIG}`;
      return home;
    }

    function startAgent({ env }: Home, trap: NodeJS.ProcessEnv = {}): Promise<Daemon> {
      return startBuilt('krb5kit', ['agent'], { ...env, ...trap }, /export HEIM_IPC_DIR=.*\n/);
    }

    /** MIT's kvno, which stores a ticket; its exit status. */
    async function store({ env }: Home): Promise<number> {
      const client = spawn(findProgram('kvno')!, ['host/wanted.example'], { env, stdio: 'ignore' });
      const [status] = await once(client, 'exit');
      return status as number;
    }

    /** Has an agent store a ticket and end; how it ended, and what it had said. */
    async function serveOnce(
      home: Home,
      step?: string,
    ): Promise<{ status: number; stdout: string; stderr: string }> {
      try {
        const agent = await startAgent(home, killPoint(step));
        await store(home);
        return { status: await agent.stop(), stdout: '', stderr: agent.output };
      } catch (error) {
        // It was killed before it listened.
        return { status: 137, stdout: '', stderr: (error as Error).message };
      }
    }

    it('leaves the old tickets or the new, and the next agent goes on', { timeout: 240_000 }, async () => {
      const whole = await prepared(0);
      const steps = stepsOf(await serveOnce(whole));
      expect(await sealedHoldings(whole)).toBe(NEW);
      const always = [
        'before listen 1',
        'before symlinkSync 2',
        'before renameSync 1',
        'before socket write 2',
      ];
      expect(steps).toEqual(expect.arrayContaining(always));

      await atEachStep(steps, async (step, _index, worker) => {
        const home = await prepared(worker);
        await wasKilled(await serveOnce(home, step), step);
        expect([OLD, NEW]).toContain(await sealedHoldings(home));
        const successor = await startAgent(home);
        expect(await store(home)).toBe(0);
        expect(await successor.stop()).toBe(0);
        expect(await sealedHoldings(home)).toBe(NEW);
      });
    });
  });
});
