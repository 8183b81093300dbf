import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openKeychain, tryKeychain } from '../../src/ccache/keychain/open.ts';
import { describePeer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

const account = '/home/alice/.local/share/krb5kit "x"';

describePeer('secret-service', () => {
  let session: SecretServiceSession;
  let directory: string;
  const open = (backend: string) => openKeychain(session.environment, { backend, answerSeconds: 60 });

  beforeAll(async () => {
    session = await startSecretService();
    directory = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  });
  afterAll(async () => {
    await session.stop();
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['keytar', 'secret-tool'],
    ['secret-tool', 'keytar'],
  ])('an item that %s stores is read, replaced and removed by %s', async (one, other) => {
    const [storing, taking] = [await open(one), await open(other)];
    await storing.write(account, 'c2VjcmV0');
    expect(await taking.read(account)).toBe('c2VjcmV0');
    await taking.write(account, 'bmV3');
    expect(await storing.read(account)).toBe('bmV3');
    expect(session.search().match(/^secret = /gm)).toHaveLength(1);
    expect(await taking.remove(account)).toBe(true);
    expect(await storing.remove(account)).toBe(false);
    expect(await storing.read(account)).toBeUndefined();
  });

  it('secret-tool reads nothing, writes nothing and removes nothing of a locked keyring', async () => {
    const keychain = await open('secret-tool');
    await keychain.write(account, 'c2VjcmV0');
    session.lock();
    const locked = { code: 'KEYCHAIN_LOCKED' };
    await expect(keychain.read(account)).rejects.toMatchObject(locked);
    await expect(keychain.write(account, 'bmV3')).rejects.toMatchObject(locked);
    await expect(keychain.remove(account)).rejects.toMatchObject(locked);
    await session.restartDaemon();
    expect(await keychain.read(account)).toBe('c2VjcmV0');
    expect(await keychain.remove(account)).toBe(true);
  });

  it('secret-tool is not waited for when the daemon hangs', async () => {
    session.daemon().kill('SIGSTOP');
    const keychain = await openKeychain(session.environment, { backend: 'secret-tool', answerSeconds: 1 });
    await expect(keychain.write(account, 'bmV3')).rejects.toMatchObject({ code: 'KEYCHAIN_TIMEOUT' });
    session.daemon().kill('SIGCONT');
  });

  it('tickets are sealed by way of secret-tool where there is no keytar', async () => {
    const worker = join(directory, 'worker.cjs');
    buildSync({
      entryPoints: [join(import.meta.dirname, 'keychain-worker.ts')],
      outfile: worker,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      supported: { 'dynamic-import': false },
      external: ['keytar'], // which nobody finds from there
    });
    const run = async (...args: readonly string[]): Promise<[unknown, unknown]> => {
      const env = session.environment;
      const child = spawn(process.execPath, [worker, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const chunks: Buffer[] = [];
      child.stdout.on('data', chunk => chunks.push(chunk));
      const [status] = await once(child, 'close');
      return [status, JSON.parse(Buffer.concat(chunks).toString())];
    };
    const data = join(directory, 'data');
    expect(await run('probe', data)).toEqual([0, { usable: true, locked: false }]);
    expect(await run('initialize', data, '', 'alice@A.TEST')).toEqual([0, null]);
    expect(session.search()).toContain(`label = krb5kit/${data}`);
    expect(await run('load', data, '')).toEqual([0, ['alice@A.TEST', 'host/0@A.TEST']]);
    expect(await run('destroy', data, '')).toEqual([0, null]);
    expect(session.search()).toBe('');
  });

  it('without either, the reasons are told', async () => {
    const { PATH: _, ...environment } = session.environment;
    expect(await tryKeychain(environment, { backend: 'secret-tool', answerSeconds: 60 })).toEqual({
      usable: false,
      absent: false,
      reason: 'secret-tool is not installed',
    });
  });
});
