import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cache } from '../../src/cli/cache.ts';
import { openSession } from '../../src/cli/session.ts';
import { chooseDefaultCache } from '../../src/local/caches/default-cache.ts';
import { scratch } from '../ccache/samples.ts';
import { runAt } from '../cli/caches.ts';
import { captureIo } from '../support/io.ts';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

describePeer('secret-service', () => {
  let session: SecretServiceSession;
  beforeAll(async () => {
    session = await startSecretService();
  });
  afterAll(() => session.stop());

  const environment = (home: string, more: Readonly<Record<string, string>> = {}) => ({
    ...session.environment,
    KRB5_CONFIG: join(home, 'no-krb5.conf'),
    KRB5KIT_HOME: join(home, 'data'),
    ...more,
  });

  async function choose(more: Readonly<Record<string, string>> = {}) {
    const home = scratch();
    const io = captureIo({ env: environment(home, more), cacheDirectory: '/home/tmp' });
    return chooseDefaultCache(openSession(io), { reading: false });
  }

  const file = (reason: string, keychain: string) => ({
    name: 'FILE:/home/tmp/krb5cc_1000',
    reason,
    keychain,
  });
  const sealed = { name: 'KEYCHAIN:', reason: 'the keychain can be used' };

  it('tickets are sealed where the keyring is unlocked', async () => {
    expect(await choose()).toEqual(sealed);
    expect(await choose({ KRB5KIT_KEYCHAIN: 'secret-tool' })).toEqual(sealed);
  });

  it('a locked keyring is a fault, unless there is a display to unlock it on', async () => {
    session.lock();
    expect(await choose()).toEqual(file('the OS keychain is locked', 'fault'));
    expect(await choose({ DISPLAY: ':99' })).toEqual(sealed);
    await session.restartDaemon();
  });

  it('a keyring that hangs is a fault', async () => {
    session.daemon().kill('SIGSTOP');
    expect(await choose()).toEqual(file('the OS keychain did not answer in time', 'fault'));
    session.daemon().kill('SIGCONT');
  }, 60_000);

  it('a session without a keyring is none', async () => {
    const bare = await startSecretService({ keyring: false });
    const { DBUS_SESSION_BUS_ADDRESS: address } = bare.environment;
    try {
      const choice = await choose({ DBUS_SESSION_BUS_ADDRESS: address! });
      expect(choice).toEqual(file('no Secret Service runs in this session', 'absent'));
    } finally {
      await bare.stop();
    }
  });

  it('cache backend tells which back-ends can serve', async () => {
    const home = scratch();
    const shown = async () => {
      const env = environment(home);
      const { status, io } = await runAt(home, cache, ['backend'], { env, cacheDirectory: '/home/tmp' });
      expect([status, io.stderr]).toEqual([0, '']);
      return io.stdout.split('\n');
    };
    expect(await shown()).toEqual([
      'keytar: yes, the Secret Service can be used',
      'security: no, it is for macOS',
      'secret-tool: yes, the Secret Service can be used',
      'powershell: no, it is for Windows',
      'passphrase: no, KRB5KIT_KEYCHAIN does not ask for it',
      'Back-end: keytar',
      `Sealed tickets: ${home}/data/tickets (there are none)`,
      'Default cache: KEYCHAIN: (the keychain can be used)',
      '',
    ]);
    session.lock();
    expect(await shown()).toEqual(
      expect.arrayContaining([
        'keytar: no, the OS keychain is locked',
        'secret-tool: no, the OS keychain is locked',
        'Back-end: none',
        'Default cache: FILE:/home/tmp/krb5cc_1000 (the OS keychain is locked)',
      ]),
    );
    await session.restartDaemon();
  });
});
