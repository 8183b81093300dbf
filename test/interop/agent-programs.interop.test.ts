import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { startTestAgent, type TestAgent } from '../support/agent.ts';
import { type Environment, ours } from '../support/both-programs.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { startPostgres } from '../support/postgres.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';
import { startSlapd } from '../support/slapd.ts';
import { startSshd } from '../support/sshd.ts';

/** Programs that know nothing of us, with tickets that are sealed in the keychain and nowhere else. */
describePeer('mit-kdc', () => {
  describePeer('secret-service', () => {
    let kdc: MitKdc;
    let session: SecretServiceSession;
    let agent: TestAgent;
    let env: Environment;
    beforeAll(async () => {
      kdc = await startMitKdc();
      session = await startSecretService();
      agent = await startTestAgent([], { ...kdc.env, ...(session.environment as Environment), LC_ALL: 'C' });
      env = agent.env;
      expect((await ours(kinit, ['alice'], env, 'alicepw\n')).status).toBe(0);
    });
    afterAll(async () => {
      await agent?.stop();
      await session?.stop();
      await kdc?.stop();
    });
    /** Its output, and then the services that there are tickets for. */
    async function run(program: string, args: readonly string[]): Promise<string> {
      const said = await new Promise<string>(resolve => {
        const options = { env, timeout: 20_000, cwd: '/' };
        execFile(findProgram(program)!, args, options, (_, stdout, stderr) => resolve(stdout + stderr));
      });
      const { stdout } = await ours(klist, [], env);
      expect(stdout).toContain('Ticket cache: KCM:');
      return said + stdout;
    }

    describePeer('curl', () => {
      it('curl --negotiate', async () => {
        const keytab = resolveKeytab(`FILE:${kdc.keytab}`);
        const server = createServer(
          negotiateServer({ keytab })((_, response, { client }) => response.end(formatPrincipal(client))),
        );
        await new Promise<void>(resolve => server.listen(0, 'localhost', resolve));
        const { port } = server.address() as AddressInfo;
        const said = await run('curl', ['-s', '--negotiate', '-u', ':', `http://localhost:${port}/`]);
        server.close();
        expect(said).toMatch(/^alice@A\.TEST[\s\S]*HTTP\/localhost@A\.TEST/);
      });
    });

    describePeer('ssh', () => {
      it('ssh', async () => {
        const sshd = await startSshd(kdc);
        const options = ['GSSAPIAuthentication=yes', 'BatchMode=yes', 'StrictHostKeyChecking=no'];
        const named = [...options, 'UserKnownHostsFile=/dev/null'].flatMap(option => ['-o', option]);
        const place = ['-F', '/dev/null', '-p', `${sshd.port}`, `${sshd.user}@localhost`];
        const said = await run('ssh', [...named, ...place, 'echo welcome']);
        await sshd.stop();
        expect(said).toMatch(/welcome[\s\S]*host\/localhost@A\.TEST/);
      });
    });

    describePeer('psql', () => {
      it('psql', async () => {
        const postgres = await startPostgres(kdc);
        const database = `host=localhost port=${postgres.port} user=alice dbname=postgres gssencmode=require`;
        const said = await run('psql', [database, '-Atc', 'select current_user']);
        await postgres.stop();
        expect(said).toMatch(/^alice\n[\s\S]*postgres\/localhost@A\.TEST/);
      });
    });

    describePeer('ldapsearch', () => {
      it('ldapsearch', async () => {
        const slapd = await startSlapd(kdc);
        const args = ['-N', '-Q', '-Y', 'GSSAPI', '-H', slapd.url, '-b', 'dc=test', '-s', 'base', 'o'];
        const said = await run('ldapsearch', args);
        await slapd.stop();
        expect(said).toMatch(/^o: test$[\s\S]*ldap\/localhost@A\.TEST/m);
      });
    });

    describePeer('python-gssapi', () => {
      it('python3-gssapi', async () => {
        const script = `import gssapi
name = gssapi.Name('host@localhost', gssapi.NameType.hostbased_service)
print(gssapi.Credentials(usage='initiate').name, len(gssapi.SecurityContext(name=name, usage='initiate').step()) > 0)`;
        expect(await run('python3', ['-c', script])).toMatch(
          /^alice@A\.TEST True\n[\s\S]*host\/localhost@A\.TEST/,
        );
      });
    });
  });
});
