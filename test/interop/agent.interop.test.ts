import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cache } from '../../src/cli/cache.ts';
import { kdestroy } from '../../src/cli/kdestroy.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { heimdal, startTestAgent, type TestAgent } from '../support/agent.ts';
import { type Environment, ours, type Said, theirs } from '../support/both-programs.ts';
import { startGssServer } from '../support/gss-sample.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram, peer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

const needed = ['mit-client', 'gss-samples', 'secret-service'] as const;
const kswitch = { ...klist, name: 'kswitch' };

/** What systemd does: binds, and passes the socket on as descriptor 3. */
const ACTIVATION = `
import os, socket, sys
bound = socket.socket(socket.AF_UNIX)
bound.bind(sys.argv[1])
bound.listen(64)
print('listens', flush=True)
os.dup2(bound.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
os.execvp(sys.argv[2], sys.argv[2:])
`;

/** The principals and services in a listing, in order. */
function names({ stdout }: Said): readonly string[] {
  return stdout.match(/\S+@A\.TEST/g) ?? [];
}

describePeer('mit-kdc', () => {
  let kdc: MitKdc;
  beforeAll(async () => {
    kdc = await startMitKdc({
      principals: ['addprinc -pw briefpw -maxlife "10 sec" -maxrenewlife "60 sec" brief'],
    });
  });
  afterAll(() => kdc?.stop());

  for (const name of needed)
    describePeer(name, () => it('is there', () => expect(peer(name).available).toBe(true)));
  describe.skipIf(needed.some(name => !peer(name).available))('an agent', () => {
    let session: SecretServiceSession;
    let agent: TestAgent;
    let env: Environment;
    beforeAll(async () => {
      session = await startSecretService();
      agent = await startTestAgent([], { ...kdc.env, ...(session.environment as Environment), LC_ALL: 'C' });
      env = agent.env;
    });
    afterAll(async () => {
      await agent.stop();
      await session.stop();
    });
    beforeEach(() => {
      theirs(kdestroy, ['-A', '-q'], env);
    });

    const login = (principal: string, password: string): Said =>
      theirs(kinit, [principal], env, `${password}\n`);

    it("serves MIT's tools, each other's caches and ours", async () => {
      expect(login('alice', 'alicepw').status).toBe(0);
      expect(theirs(kvno, ['host/localhost'], env).stdout).toBe('host/localhost@A.TEST: kvno = 1\n');
      expect((await ours(kvno, ['HTTP/localhost'], env)).stdout).toBe('HTTP/localhost@A.TEST: kvno = 1\n');
      expect((await ours(kvno, ['--cached-only', 'host/localhost'], env)).status).toBe(0);
      expect(theirs(kvno, ['--cached-only', 'HTTP/localhost'], env).status).toBe(0);
      expect(await ours(klist, ['-ef'], env)).toEqual(theirs(klist, ['-ef'], env));

      expect((await ours(kinit, ['nopreauth'], env, 'nopre\n')).status).toBe(0);
      expect(names(theirs(klist, ['-l'], env))).toEqual(['nopreauth@A.TEST', 'alice@A.TEST']);
      expect(theirs(kswitch, ['-p', 'alice'], env).status).toBe(0);
      expect(names(await ours(klist, ['-l'], env))).toEqual(['alice@A.TEST', 'nopreauth@A.TEST']);
      expect(await ours(klist, ['-A'], env)).toEqual(theirs(klist, ['-A'], env));

      expect((await ours(kdestroy, ['-q'], env)).status).toBe(0);
      expect(names(theirs(klist, ['-l'], env))).toEqual(['nopreauth@A.TEST']);
      expect(theirs(kdestroy, ['-A'], env).status).toBe(0);
      expect(await ours(klist, [], env)).toEqual(theirs(klist, [], env));
      expect(await ours(kdestroy, ['-q'], env)).toEqual(theirs(kdestroy, ['-q'], env));
    });

    it('keeps what it is given in the keychain, where KEYCHAIN: finds it', async () => {
      login('alice', 'alicepw');
      const direct = { ...env, KRB5CCNAME: 'KEYCHAIN:' };
      expect(names(await ours(klist, [], direct))).toEqual(names(theirs(klist, [], env)));
      expect((await ours(kvno, ['sample/localhost'], direct)).status).toBe(0);
      expect(theirs(kvno, ['--cached-only', 'sample/localhost'], env).status).toBe(0);
      for (const file of readdirSync(env.KRB5KIT_HOME!, { recursive: true, withFileTypes: true })) {
        if (!file.isFile() || file.name.endsWith('.cjs') || file.name === 'krb5.conf') continue;
        expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toMatch(/alice|A\.TEST/);
      }
      theirs(kdestroy, ['-A'], env);
      expect(session.search()).toBe('');
    });

    it('does not lose a cache that is moved from one of its two names to the other', async () => {
      theirs(kinit, ['alice'], env, 'alicepw\n');
      const moves = [
        ['KEYCHAIN:', 'KCM:'],
        ['KCM:', 'KEYCHAIN:'],
      ];
      for (const move of moves) {
        const { status, stderr } = await ours(cache, ['move', ...move], env);
        expect([status, stderr]).toEqual([1, expect.stringContaining('are the same cache')]);
      }
      expect(names(theirs(klist, [], env))).toEqual(['alice@A.TEST', 'krbtgt/A.TEST@A.TEST']);
    });

    it('gives the same caches out after it was stopped and started', async () => {
      login('alice', 'alicepw');
      const before = theirs(klist, [], env);
      expect(await agent.control('--stop')).toMatchObject({ status: 0, stdout: 'The agent has ended\n' });
      expect(theirs(klist, [], env).stderr).toBe('klist: No KCM server found while resolving ccache\n');
      expect(await ours(klist, [], env)).toEqual(theirs(klist, [], env));
      await agent.control('--start');
      expect(theirs(klist, [], env)).toEqual(before);
    });

    it('answers on a socket that systemd has bound for it, and leaves it there', async () => {
      login('alice', 'alicepw');
      const before = theirs(klist, [], env);
      await agent.control('--stop');
      const path = join(env.HEIM_IPC_DIR!, '.heim_org.h5l.kcm-socket');
      const server = spawn('python3', ['-c', ACTIVATION, path, ...agent.program, 'agent', '--idle', '3s'], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(server, 'exit');
      await once(server.stdout, 'data');
      // The first client comes before the agent does.
      expect(theirs(klist, [], env)).toEqual(before);
      expect(await ended).toEqual([0, null]);
      expect(existsSync(path)).toBe(true);
      await agent.control('--start');
      expect(theirs(klist, [], env)).toEqual(before);
    });

    it('has no key once it is locked, until the keychain is unlocked', async () => {
      login('alice', 'alicepw');
      expect((await agent.control('--lock')).status).toBe(0);
      expect((await agent.control('--status')).stdout).toContain('key not in memory');
      session.lock();
      expect(theirs(klist, [], env)).toMatchObject({ status: 1, stdout: '' });
      expect((await ours(klist, [], env)).stderr).toBe('klist: The OS keychain is locked\n');
      await session.restartDaemon();
      expect(names(theirs(klist, [], env))).toContain('krbtgt/A.TEST@A.TEST');
      expect((await agent.control('--status')).stdout).not.toContain('key not in memory');
    });

    it('gss-client authenticates with a ticket that is in the keychain only', async () => {
      login('alice', 'alicepw');
      const server = await startGssServer('host@localhost', env);
      try {
        const args = ['-port', `${server.port}`, 'localhost', 'host@localhost', 'hello'];
        expect(await runProgram('gss-client', args, env)).toContain('Signature verified.');
      } finally {
        await server.stop();
      }
      expect(names(theirs(klist, [], env))).toContain('host/localhost@A.TEST');
    });

    it('renews a ticket at half its life', async () => {
      theirs(kinit, ['-r', '60s', 'brief'], env, 'briefpw\n');
      const [first] = expiries(theirs(klist, [], env));
      await expect.poll(() => expiries(theirs(klist, [], env))[0]).toBeGreaterThan(first!);
    });

    describePeer('heimdal-kcm-client', () => {
      it("serves Heimdal's tools the caches of MIT's and ours, and theirs", async () => {
        login('alice', 'alicepw');
        await ours(kinit, ['nopreauth'], env, 'nopre\n');
        expect(names(heimdal('klist', ['-l'], env))).toEqual(['nopreauth@A.TEST', 'alice@A.TEST']);
        expect(heimdal('kswitch', ['-p', 'alice@A.TEST'], env).status).toBe(0);
        expect(heimdal('kgetcred', ['sample/localhost'], env).status).toBe(0);
        const tickets = ['alice@A.TEST', 'krbtgt/A.TEST@A.TEST', 'sample/localhost@A.TEST'];
        expect(names(heimdal('klist', [], env))).toEqual(tickets);
        expect(names(theirs(klist, [], env))).toEqual(tickets);
        expect(names(await ours(klist, [], env))).toEqual(tickets);

        const password = join(kdc.dir, 'password');
        writeFileSync(password, 'sha2pw\n');
        expect(heimdal('kinit', [`--password-file=${password}`, 'sha2user'], env).status).toBe(0);
        const all = ['sha2user@A.TEST', 'alice@A.TEST', 'nopreauth@A.TEST'];
        expect(names(theirs(klist, ['-l'], env))).toEqual(all);
        expect(names(await ours(klist, ['-l'], env))).toEqual(all);
        expect((await ours(kvno, ['host/localhost'], env)).status).toBe(0);
        expect(names(heimdal('klist', [], env))).toContain('host/localhost@A.TEST');

        expect(heimdal('kdestroy', [], env).status).toBe(0);
        expect(names(theirs(klist, ['-l'], env))).toEqual(['alice@A.TEST', 'nopreauth@A.TEST']);
        expect(heimdal('kdestroy', ['-A'], env).status).toBe(0);
        expect(names(await ours(klist, ['-l'], env))).toEqual([]);
      });
    });
  });
});

/** What klist says under "Expires", as times. */
function expiries({ stdout }: Said): readonly number[] {
  return [...stdout.matchAll(/^\S+ \S+ {2}(\S+ \S+) {2}\S/gm)].map(([, time]) => Date.parse(`${time} UTC`));
}

async function runProgram(name: string, args: readonly string[], env: Environment): Promise<string> {
  const program = spawn(findProgram(name)!, args, { env });
  let said = '';
  for (const output of [program.stdout, program.stderr]) {
    output.setEncoding('utf8').on('data', text => {
      said += text;
    });
  }
  await once(program, 'close');
  return said;
}
