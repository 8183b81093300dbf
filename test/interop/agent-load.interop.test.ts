import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AGENT } from '../../src/agent/operations.ts';
import { withKcm } from '../../src/ccache/kcm/connection.ts';
import { encodeRequest, KCM } from '../../src/ccache/kcm/protocol.ts';
import { startTestAgent, type TestAgent } from '../support/agent.ts';
import type { Environment } from '../support/both-programs.ts';
import { runBuilt } from '../support/built-commands.ts';
import { type MitKdc, type ProgramResult, runProgram, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService, until } from '../support/secret-service.ts';

// A busy session: native programs use the agent, while our own change the same file without it.

const SECONDS = 12;
const USERS = Array.from({ length: 9 }, (_, i) => `user${i}`);
const SERVICES = Array.from({ length: 20 }, (_, i) => `service${i}/localhost`);

describePeer('mit-kdc', () => {
  describePeer('secret-service', () => {
    let kdc: MitKdc;
    let session: SecretServiceSession;
    let agent: TestAgent;
    let env: Environment;
    let socket: string;
    let pid: number;
    let end: number;
    beforeAll(async () => {
      const users = USERS.map(name => `addprinc -pw ${name}pw ${name}`);
      const services = SERVICES.map(name => `addprinc -randkey -requires_preauth ${name}`);
      kdc = await startMitKdc({ principals: [...users, ...services] });
      session = await startSecretService();
      agent = await startTestAgent([], { ...kdc.env, ...(session.environment as Environment), LC_ALL: 'C' });
      env = agent.env;
      socket = join(env.HEIM_IPC_DIR!, '.heim_org.h5l.kcm-socket');
      ({ pid } = await withKcm(socket, kcm => kcm.call(AGENT.STATUS, {})));
    });
    afterAll(async () => {
      await agent?.stop();
      await session?.stop();
      await kdc?.stop();
    });

    const native = (cache: string, name: string, args: readonly string[] = [], input = '') =>
      runProgram(name, args, { env: { ...env, KRB5CCNAME: cache }, input });
    const ours = (cache: string, name: string, args: readonly string[] = [], input = '') =>
      runBuilt(name, args, { env: { ...env, KRB5CCNAME: cache }, input });
    const list = (name: string): Promise<ProgramResult> => native(`KCM:${name}`, 'klist');
    const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length;

    async function repeat(work: () => Promise<void>): Promise<void> {
      while (Date.now() < end) await work();
    }

    /** Logs in, fetches tickets and logs out, and looks each time whether the native tools see it. */
    async function useOwnCache(run: typeof native, type: string, user: string): Promise<void> {
      const cache = `${type}:${user}`;
      expect(await run(cache, 'kinit', [user], `${user}pw\n`)).toMatchObject({ status: 0, stderr: '' });
      for (const service of SERVICES.slice(0, 2)) {
        expect(await run(cache, 'kvno', [service])).toMatchObject({ status: 0, stderr: '' });
        const { stdout } = await list(user);
        for (const name of [user, 'krbtgt/A.TEST', service]) expect(stdout).toContain(`${name}@A.TEST`);
      }
      expect(await run(cache, 'kdestroy', ['-q'])).toMatchObject({ status: 0, stderr: '' });
      expect(await list(user)).toMatchObject({ status: 1, stdout: '' });
    }

    /** Adds tickets to a cache that others use too; all that were ever added stay there. */
    async function share(run: typeof native, type: string, added: Set<string>): Promise<void> {
      const service = SERVICES[Math.floor(Math.random() * SERVICES.length)]!;
      expect(await run(`${type}:shared`, 'kvno', [service])).toMatchObject({ status: 0, stderr: '' });
      added.add(service);
    }

    /** Asks for a cache on one connection all the time: what was added before the question is in the answer. */
    function watch(added: ReadonlySet<string>): Promise<void> {
      return withKcm(socket, kcm =>
        repeat(async () => {
          const before = [...added];
          const { credentials } = await kcm.call(KCM.GET_CRED_LIST, { name: 'shared' });
          const there = credentials.map(({ server }) => server.components.join('/'));
          expect(there).toEqual(expect.arrayContaining(['krbtgt/A.TEST', ...before]));
          await sleep(20);
        }),
      );
    }

    async function killLogin(): Promise<void> {
      const child = spawn(findProgram('kinit')!, ['nopreauth'], {
        env: { ...env, KRB5CCNAME: 'KCM:killed' },
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end('nopre\n');
      const overdue = setTimeout(() => child.kill('SIGKILL'), Math.random() * 40);
      await once(child, 'exit');
      clearTimeout(overdue);
      const { status, stdout } = await list('killed');
      if (status === 0) expect(stdout).toContain('krbtgt/A.TEST@A.TEST');
    }

    /** Sends junk, or half a request, or reads no answers. */
    async function beRude(): Promise<void> {
      const request = encodeRequest(KCM.GET_CRED_LIST, { name: 'shared' });
      const rude = [randomBytes(300), request.subarray(0, 9), Buffer.concat(Array(500).fill(request))];
      const client = connect(socket).on('error', () => undefined);
      client.pause().write(rude[Math.floor(Math.random() * rude.length)]!);
      await sleep(100);
      client.destroy();
    }

    it('an agent loses nothing of what many clients and other writers do at once', async () => {
      const before = descriptors();
      const added = new Set<string>();
      expect(await native('KCM:shared', 'kinit', ['alice'], 'alicepw\n')).toMatchObject({
        status: 0,
        stderr: '',
      });
      end = Date.now() + SECONDS * 1000;
      await Promise.all([
        ...USERS.slice(0, 6).map(user => repeat(() => useOwnCache(native, 'KCM', user))),
        ...USERS.slice(6).map(user => repeat(() => useOwnCache(ours, 'KEYCHAIN', user))),
        repeat(() => share(native, 'KCM', added)),
        repeat(() => share(ours, 'KEYCHAIN', added)),
        watch(added),
        watch(added),
        repeat(killLogin),
        repeat(beRude),
        repeat(async () => {
          await sleep(1000);
          expect(await agent.control('--lock')).toMatchObject({ status: 0, stderr: '' });
        }),
      ]);
      await until(() => descriptors() <= before + 2);
      const data = env.KRB5KIT_HOME!;
      const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter(it => it.isFile());
      const known = ['agent.cjs', 'krb5.conf', 'log', 'tickets'];
      expect(files.map(({ name }) => name).sort()).toEqual(known);
      expect(readdirSync(join(data, 'locks'))).toEqual([]);
      for (const name of ['tickets', 'agent/log']) {
        expect(readFileSync(join(data, name), 'latin1')).not.toMatch(/A\.TEST|localhost|alice/);
      }
      expect(await native('KCM:', 'kdestroy', ['-A'])).toMatchObject({ status: 0, stderr: '' });
      expect(session.search()).toBe('');
    }, 120_000);
  });
});
