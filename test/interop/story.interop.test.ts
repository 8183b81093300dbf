import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Daemon, runBuilt, startBuilt } from '../support/built-commands.ts';
import { freePort } from '../support/free-port.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { runMitSampleClient, startMitSampleService } from '../support/mit-sample.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

/** A real KDC, a real keychain, and the commands as they are installed; each step builds on those before it. */
describePeer('mit-kdc', () => {
  describePeer('secret-service', () => {
    let kdc: MitKdc;
    let session: SecretServiceSession;
    let folder: string;
    let env: NodeJS.ProcessEnv;
    let service: Daemon;
    let briefUntil: number;
    let port: string;

    beforeAll(async () => {
      const principals = ['addprinc -pw briefpw -maxlife "8 sec" brief'];
      [kdc, session] = await Promise.all([startMitKdc({ principals }), startSecretService()]);
      folder = mkdtempSync(join(tmpdir(), 'krb5kit-story-'));
      copyFileSync(kdc.krb5Conf, join(folder, 'krb5.conf'));
      copyFileSync(kdc.keytab, join(folder, 'keytab'));
      env = {
        ...session.environment,
        LC_ALL: 'C',
        TZ: 'UTC',
        KRB5_CONFIG: join(folder, 'krb5.conf'),
        KRB5_KTNAME: join(folder, 'keytab'),
        KRB5RCACHEDIR: folder,
        KRB5KIT_HOME: join(folder, 'data'),
      };
    });
    afterAll(async () => {
      await service?.stop('SIGKILL');
      await kdc?.stop();
      await session?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const run = (name: string, ...args: readonly string[]) => runBuilt(name, args, { env });
    const login = (...args: readonly string[]) =>
      runBuilt('kinit', args.slice(0, -1), { env, input: `${args.at(-1)}\n` });

    it('a password gets a ticket into the keychain', async () => {
      expect(await login('brief', 'briefpw')).toMatchObject({ status: 0, stderr: '' });
      briefUntil = Date.now() + 8000;
      expect(await run('kvno', 'HTTP/localhost')).toMatchObject({ status: 0 });
      expect(await login('alice', 'alicepw')).toMatchObject({ status: 0, stderr: '' });
      const { stdout } = await run('klist', '-ef');
      expect(stdout).toMatch(/^Ticket cache: KEYCHAIN:alice@A\.TEST\nDefault principal: alice@A\.TEST\n/);
      expect(stdout).toMatch(
        /krbtgt\/A\.TEST@A\.TEST\n.*Flags: \w+\n\tEtype \(skey, tkt\): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96 \n/,
      );
      expect((await run('klist', '-l')).stdout).toMatch(/alice@A\.TEST[\s\S]*brief@A\.TEST/);
    });

    it('what lies on the disk can be read by nobody without the keychain, which holds one key', async () => {
      const sealed = readFileSync(join(folder, 'data/tickets')).toString('latin1');
      expect(sealed).not.toMatch(/alice|krbtgt|A\.TEST/);
      expect(session.search().match(/^\[\//gm)).toHaveLength(1);
      const elsewhere = { ...env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' };
      const { status, stdout, stderr } = await runBuilt('klist', [], { env: elsewhere });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^klist: The OS keychain cannot be used: [^\n]+\n$/);
    });

    it('the ticket gets others, which the services’ keys open', async () => {
      const { status, stdout } = await run(
        'kvno',
        '-k',
        join(folder, 'keytab'),
        'sample/localhost',
        'host/localhost',
      );
      expect([status, stdout]).toEqual([
        0,
        'sample/localhost@A.TEST: kvno = 1, keytab entry valid\nhost/localhost@A.TEST: kvno = 1, keytab entry valid\n',
      ]);
    });

    it('client and service prove to each other who they are', async () => {
      service = await startBuilt('krb5kit', ['serve', '--port', '0'], env, /port (\d+)/);
      port = service.captured;
      const { status, stdout, stderr } = await run('krb5kit', 'present', 'sample@localhost', '--port', port);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(
        /^Presented alice@A\.TEST to sample\/localhost@A\.TEST\nTicket: aes256-.*\nMutual authentication: .*\nIt says: You are alice@A\.TEST\n$/,
      );
      await expect
        .poll(() => service.output)
        .toMatch(/\nalice@A\.TEST to sample\/localhost@A\.TEST from 127\.0\.0\.1, mutual authentication/);
    });

    it('the tickets go on working when the KDC does not', async () => {
      await kdc.stop();
      expect(await run('krb5kit', 'present', 'sample@localhost', '--port', port)).toMatchObject({
        status: 0,
      });
      expect(await run('kvno', 'host/localhost')).toMatchObject({ status: 0 });
      const { status, stderr } = await run('kvno', 'HTTP/localhost');
      expect([status, stderr]).toEqual([
        1,
        "kvno: Cannot contact any KDC for realm 'A.TEST' while getting credentials for HTTP/localhost@A.TEST\n",
      ]);
    });

    it('expired tickets are shown, not used, and swept', async () => {
      await sleep(Math.max(0, briefUntil + 1500 - Date.now()));
      const cache = 'KEYCHAIN:brief@A.TEST';
      expect((await run('klist', '-s', cache)).status).toBe(1);
      expect((await run('klist', cache)).stdout).toContain('HTTP/localhost@A.TEST');
      expect((await run('kvno', '-c', cache, 'HTTP/localhost')).status).toBe(1);
      expect(await run('kdestroy', '--expired', '-c', cache)).toMatchObject({
        status: 0,
        stdout: '1 expired ticket removed\n',
      });
      expect((await run('klist', cache)).stdout).not.toContain('HTTP/localhost@A.TEST');
      expect((await run('klist', '-s')).status).toBe(0);
    });

    it('nothing is left when all is destroyed', async () => {
      expect(await run('kdestroy', '-A')).toEqual({ status: 0, stdout: '', stderr: '' });
      const { status, stdout, stderr } = await run('klist', '-c', 'KEYCHAIN:');
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^klist: .*not found\n$/);
      expect(readdirSync(join(folder, 'data'))).toEqual(['locks']);
      expect(readdirSync(join(folder, 'data/locks'))).toEqual([]);
      expect(session.search()).toBe('');
    });

    it('the service ends when it is told to', async () => {
      expect(await service.stop()).toBe(0);
    });
  });
});

describePeer('mit-sample', () => {
  let kdc: MitKdc;

  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    kdc = await startMitKdc();
    env = { ...kdc.env, HOME: kdc.dir };
  });
  afterAll(() => kdc?.stop());

  it('`present` shows the native tools’ ticket to the native service', async () => {
    const service = await startMitSampleService(kdc.env);
    expect(await kdc.run('kinit', ['alice'], 'alicepw\n')).toMatchObject({ status: 0 });
    const args = ['present', 'sample@localhost', '--port', `${service.port}`];
    const { status, stdout } = await runBuilt('krb5kit', args, { env });
    expect([status, stdout.split('\n').at(-2)]).toEqual([0, 'It says: You are alice@A.TEST']);
    expect(await service.verdict()).toBe('accepted alice@A.TEST');
    expect((await kdc.run('klist', [])).stdout).toContain('sample/localhost@A.TEST');
    await service.stop();
  });

  it('`serve` is a service to the native client with our ticket', async () => {
    const login = await runBuilt('kinit', ['alice'], { env, input: 'alicepw\n' });
    expect(login).toMatchObject({ status: 0, stderr: '' });
    const service = await startBuilt('krb5kit', ['serve', '--port', '0'], env, /port (\d+)/);
    expect(await runMitSampleClient(Number(service.captured), kdc.env)).toBe('You are alice@A.TEST\n');
    await expect.poll(() => service.output).toContain('alice@A.TEST to sample/localhost@A.TEST from ');
    expect(await service.stop('SIGINT')).toBe(0);
  });
});

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

describePeer('mit-client', () => {
  it('the native tools live in a realm of `krb5kit kdc run`', async () => {
    const script = [
      'echo wonderland | kinit alice',
      'kvno -k $KRB5_KTNAME host/localhost',
      'klist -s && klist',
      'kdestroy && ! klist -s',
      'exit 42',
    ];
    const { status, stdout } = await kdcRun(script.join(' || exit 1\n'));
    expect(stdout).toContain('host/localhost@KRB5KIT.TEST: kvno = 1, keytab entry valid\n');
    expect(stdout).toMatch(
      /Default principal: alice@KRB5KIT\.TEST[\s\S]*krbtgt\/KRB5KIT\.TEST@KRB5KIT\.TEST/,
    );
    expect(status).toBe(42);
  });

  it('a keytab logs a service in there', async () => {
    const script = 'kinit -k host/localhost && klist';
    expect(await kdcRun(script)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Default principal: host/localhost@KRB5KIT.TEST'),
    });
  });
});

describePeer('gss-samples', () => {
  it('gss-client and gss-server talk in a realm of `krb5kit kdc run`', async () => {
    const port = await freePort();
    const script = [
      'echo wonderland | kinit alice >/dev/null || exit 1',
      `timeout 20 gss-server -port ${port} -once -verbose host@localhost & server=$!`,
      // It does not say when it listens.
      'for i in $(seq 100); do sleep 0.1',
      `gss-client -port ${port} localhost host@localhost "a message" && break; done`,
      'wait $server',
    ];
    const { status, stdout } = await kdcRun(script.join('\n'));
    expect(stdout).toMatch(/Accepted connection: .?"?alice@KRB5KIT\.TEST/);
    expect(stdout).toMatch(/Received message: "a message"/);
    expect(stdout).toMatch(/Signature verified\./);
    expect(status).toBe(0);
  });
});

describe('a signal to the built `krb5kit kdc run`', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends the command and removes everything',
    async signal => {
      const temporary = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
      const args = ['kdc', 'run', '--', 'sh', '-c', 'echo ready; exec sleep 60'];
      const daemon = await startBuilt('krb5kit', args, { PATH, TMPDIR: temporary, HOME: temporary }, /ready/);
      expect(readdirSync(temporary)).toHaveLength(1);
      const number = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 }[signal];
      expect(await daemon.stop(signal)).toBe(128 + number);
      expect(readdirSync(temporary)).toEqual([]);
      rmSync(temporary, { recursive: true });
    },
  );
});

/** Runs a shell script with the native tools first on its PATH, in a realm with alice and a host. */
async function kdcRun(script: string) {
  expect(findProgram('kinit')).toMatch(/^\/(usr\/)?bin\//);
  const options = ['--user', 'alice:wonderland', '--service', 'host/localhost'];
  const env = { PATH, LC_ALL: 'C', HOME: tmpdir() };
  return runBuilt('krb5kit', ['kdc', 'run', ...options, '--', 'sh', '-c', script], { env });
}
