import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { type Ran, runBuilt } from '../support/built-commands.ts';
import { type BuiltKdc, startBuiltKdc } from '../support/built-kdc.ts';
import { startKeepassxc } from '../support/keepassxc.ts';
import { NO_KEYRINGS } from '../support/no-keyrings.ts';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

// The built commands on every implementation of the Secret Service, whatever state that is in.

const implementations = [
  { peer: 'secret-service', startService: () => startSecretService() },
  { peer: 'keepassxc', startService: () => startKeepassxc() },
] as const;

let kdc: BuiltKdc;
let data: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const users = ['alice', 'bob'].map(name => ({ name, password: 'wonderland', enctypes: ['aes256-cts'] }));
  kdc = await startBuiltKdc({ realm: 'K.TEST', users, services: ['host/localhost'] });
});
afterAll(() => kdc?.stop());
beforeEach(() => {
  data = mkdtempSync(join(kdc.folder, 'data-'));
});

const sealed = () => join(data, 'tickets');
const run = (name: string, ...args: readonly string[]): Promise<Ran> => runBuilt(name, args, { env });
const login = (user = 'alice'): Promise<Ran> => runBuilt('kinit', [user], { env, input: 'wonderland\n' });
const well = expect.objectContaining({ status: 0, stderr: '' });
const refused = (stderr: string | RegExp) => expect.objectContaining({ status: 1, stderr: matching(stderr) });
const matching = (text: string | RegExp) => (typeof text === 'string' ? text : expect.stringMatching(text));

function commandsIn(session: SecretServiceSession, address?: string): void {
  const own = { LC_ALL: 'C', TZ: 'UTC', KRB5_CONFIG: kdc.krb5Conf, KRB5KIT_HOME: data };
  // No ticket is to reach a file, where the keychain cannot be used.
  env = { ...session.environment, ...NO_KEYRINGS, ...own, KRB5CCNAME: 'KEYCHAIN:' };
  if (address !== undefined) env = { ...env, DBUS_SESSION_BUS_ADDRESS: address };
}

for (const { peer, startService } of implementations) {
  describePeer(peer, () => {
    let session: SecretServiceSession;

    beforeAll(async () => {
      session = await startService();
    });
    afterAll(() => session?.stop());
    beforeEach(() => commandsIn(session));
    afterEach(() => session.clear());

    const listed = (...services: readonly string[]) =>
      expect.objectContaining({
        status: 0,
        stdout: expect.stringMatching(new RegExp(['alice@K\\.TEST', 'krbtgt/K', ...services].join('[^]*'))),
      });

    it('a session from login to logout has one item, which is gone in the end', async () => {
      delete env.KRB5CCNAME;
      expect(await login()).toEqual(well);
      expect(await run('klist')).toEqual(listed());
      expect(await run('kvno', 'host/localhost')).toEqual(well);
      expect(await run('klist')).toEqual(listed('host/localhost'));
      expect(session.items(data)).toBe(1);
      expect(await run('kdestroy')).toEqual(well);
      expect([session.items(data), existsSync(sealed())]).toEqual([0, false]);

      expect(await login()).toEqual(well);
      expect(await login('bob')).toEqual(well);
      expect(session.items(data)).toBe(1);
      const { status, stdout } = await run('krb5kit', 'logout');
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^(Destroyed KEYCHAIN:.*\n){2}$/)]);
      expect([session.items(data), existsSync(sealed())]).toEqual([0, false]);
    });

    it.each([
      ['of two users', ['alice', 'bob']],
      ['of one user', ['alice', 'alice']],
    ])('two logins %s at once, the first of all, make one key', async (_, users) => {
      expect(await Promise.all(users.map(login))).toEqual([well, well]);
      expect(session.items(data)).toBe(1);
      const { stdout } = await run('klist', '-l');
      for (const user of users) expect(stdout).toContain(`KEYCHAIN:${user}@K.TEST`);
      expect(await run('kdestroy', '-A')).toEqual(well);
      expect(session.items(data)).toBe(0);
    });

    it('locked, it is told in a sentence and nothing is lost', { retry: 2 }, async () => {
      await login();
      await session.saved(data);
      const before = readFileSync(sealed());
      session.lock();
      onTestFailed(() => session.restartDaemon());
      const sentence = 'The OS keychain is locked';
      expect(await run('klist')).toEqual(refused(`klist: ${sentence}\n`));
      expect(await run('klist', '-s')).toEqual(refused(''));
      expect(await run('kvno', 'host/localhost')).toEqual(refused(new RegExp(`^kvno: ${sentence} `)));
      expect(await run('kdestroy')).toEqual(
        refused(new RegExp(`^kdestroy: ${sentence} .*\n.*NOT.* destroyed!\n$`)),
      );
      expect(readFileSync(sealed())).toEqual(before);
      await session.restartDaemon();
      expect(await run('klist')).toEqual(listed());
    });

    it('hung, it is given up within seconds and nothing is lost', async () => {
      await login();
      const before = readFileSync(sealed());
      const daemon = session.daemon();
      daemon.kill('SIGSTOP');
      onTestFinished(() => void daemon.kill('SIGCONT'));
      const began = performance.now();
      const outcomes = Promise.all([run('klist'), run('klist', '-s'), run('kdestroy')]);
      const sentence = 'The OS keychain did not answer in time';
      expect(await outcomes).toEqual([
        refused(`klist: ${sentence}\n`),
        refused(''),
        refused(new RegExp(`^kdestroy: ${sentence}`)),
      ]);
      // Of 45 that a dialog is given; a machine that has too much to do gives an answer up to 12.
      expect(performance.now() - began).toBeLessThan(20_000);
      expect(readFileSync(sealed())).toEqual(before);
      daemon.kill('SIGCONT');
      expect(await run('klist')).toEqual(listed());
    });

    // KeePassXC now and then forgets to write its file when one change follows another.
    it('killed while it is asked, it is told in a sentence and nothing is lost', { retry: 2 }, async () => {
      await login();
      await session.saved(data);
      const before = readFileSync(sealed());
      const daemon = session.daemon();
      daemon.kill('SIGSTOP');
      onTestFailed(() => session.restartDaemon());
      const outcomes = Promise.all([run('klist'), run('kvno', 'host/localhost')]);
      await sleep(700);
      daemon.kill('SIGKILL');
      const sentence = 'The OS keychain cannot be used: ';
      const sentences = ['klist', 'kvno'].map(name => refused(new RegExp(`^${name}: ${sentence}.*\n$`)));
      expect(await outcomes).toEqual(sentences);
      expect(readFileSync(sealed())).toEqual(before);
      await session.restartDaemon();
      expect(await run('klist')).toEqual(listed());
    });

    it('without the item, the cache is told from an empty one, and can be done away with', async () => {
      const lost =
        /The OS keychain no longer has the key of the sealed credentials cache \(filename: .*\/tickets; kinit or kdestroy discards it\)/;
      await login();
      session.clear();
      expect(await run('klist')).toEqual(refused(lost));
      expect(await run('klist', '-s')).toEqual(refused(''));
      expect(await run('kvno', 'host/localhost')).toEqual(refused(lost));
      expect(existsSync(sealed())).toBe(true);
      const discarded = 'Warning: The sealed tickets are discarded: the keychain no longer has their key\n';
      expect(await login()).toMatchObject({ status: 0, stderr: discarded });
      expect(await run('klist')).toEqual(listed());
      expect(session.items(data)).toBe(1);
      for (const [command, option] of [
        ['kdestroy', '-q'],
        ['krb5kit', 'logout'],
      ] as const) {
        session.clear();
        expect(await run(command, option)).toEqual(well);
        expect(existsSync(sealed())).toBe(false);
        expect(await login()).toEqual(well);
      }
    });

    it('what is sealed stays, and nothing goes into a file, without a bus and on one without the service', async () => {
      await login();
      const before = readFileSync(sealed());
      const bare = await startSecretService({ keyring: false });
      onTestFinished(() => bare.stop());
      const path = 'unix:path=/nonexistent/bus';
      for (const address of ['', path, bare.addresses.path, bare.addresses.abstract]) {
        commandsIn(session, address);
        const sentence = 'The OS keychain cannot be used: ';
        const outcomes = await Promise.all([run('klist'), run('kdestroy'), login()]);
        expect(outcomes).toEqual(
          ['klist', 'kdestroy', 'kinit'].map(name => refused(new RegExp(`^${name}: .*${sentence}`))),
        );
      }
      expect(readFileSync(sealed())).toEqual(before);
      expect(readdirSync(data).sort()).toEqual(['locks', 'tickets']);
      commandsIn(session);
      expect(await run('klist')).toEqual(listed());
    });
  });
}
