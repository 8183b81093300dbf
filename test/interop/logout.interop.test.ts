import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { openKeychain } from '../../src/ccache/keychain/open.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import { logout } from '../../src/cli/logout.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { contents } from '../ccache/tickets.ts';
import { runAt } from '../cli/caches.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';

describePeer('secret-service', () => {
  const uid = process.geteuid?.() ?? 1000;
  let session: SecretServiceSession;
  let folder: string;
  let data: string;

  beforeAll(async () => {
    session = await startSecretService();
  });
  afterAll(() => session.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    data = join(folder, 'data');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('destroys every sealed cache and file, and deletes the key from the keychain', async () => {
    await seal('alice@A.TEST', 'bob@B.TEST');
    const file = join(folder, `krb5cc_${uid}`);
    writeFileSync(file, CcacheFile.encode(contents));
    expect(keys()).toBe(1);
    const { status, io } = await run();
    expect([status, io.stderr]).toEqual([0, '']);
    expect(io.stdout).toBe(
      `Destroyed FILE:${file} of alice@A.TEST\n` +
        'Destroyed KEYCHAIN:alice@A.TEST of alice@A.TEST\n' +
        'Destroyed KEYCHAIN:bob@B.TEST of bob@B.TEST\n',
    );
    expectNothingLeft();
    expect(keys()).toBe(0);
    expect((await run()).io.output).toBe('No credential caches found\n');
  });

  it('is over with the sealed file whose key is lost', async () => {
    await seal('alice@A.TEST');
    execFileSync(findProgram('secret-tool')!, ['clear', 'service', 'krb5kit'], { env: session.environment });
    const { status, io } = await run();
    expect([status, io.output]).toEqual([0, 'Destroyed sealed tickets that could not be opened\n']);
    expectNothingLeft();
  });

  it('is over with the sealed file that is damaged, and deletes the key', async () => {
    await seal('alice@A.TEST');
    writeFileSync(join(data, 'tickets'), 'noise');
    const { status, io } = await run();
    expect([status, io.output]).toEqual([0, 'Destroyed sealed tickets that could not be opened\n']);
    expectNothingLeft();
    expect(keys()).toBe(0);
  });

  it('destroys the tickets of a locked keychain, and the key once it is unlocked', async () => {
    await seal('alice@A.TEST');
    const sealed = readFileSync(join(data, 'tickets'));
    session.lock();
    const locked = await run();
    expect(locked).toMatchObject({ status: 1 });
    expect(locked.io.stdout).toBe('Destroyed sealed tickets that could not be opened\n');
    expect(locked.io.stderr).toBe(
      'krb5kit logout: The OS keychain is locked while deleting the key of sealed tickets\n',
    );
    expect(readdirSync(data).sort()).toEqual(['key-left', 'locks']);
    await session.restartDaemon();
    expect(keys()).toBe(1);
    const { status, io } = await run();
    expect([status, io.output]).toEqual([0, 'Destroyed the key of sealed tickets\n']);
    expect(keys()).toBe(0);
    expectNothingLeft();
    // Even a copy that somebody has made is dead.
    writeFileSync(join(data, 'tickets'), sealed);
    expect((await run()).io.output).toBe('Destroyed sealed tickets that could not be opened\n');
  });

  it('has nothing unlocked where there is nothing to destroy', async () => {
    mkdirSync(join(data, 'sessions'), { recursive: true });
    session.lock();
    const { status, io } = await run({ DISPLAY: ':0' });
    await session.restartDaemon();
    expect([status, io.output]).toEqual([0, 'No credential caches found\n']);
    expect(readdirSync(data)).toEqual(['sessions']);
  });

  async function seal(...principals: readonly string[]): Promise<void> {
    const keychain = () => openKeychain(session.environment);
    for (const name of principals) {
      const cache = keychainType.resolve(name, { dataDirectory: data, keychain });
      await cache.initialize({ ...contents, principal: parsePrincipal(name) });
    }
  }

  function run(environment: NodeJS.ProcessEnv = {}) {
    const env = { ...session.environment, KRB5KIT_HOME: data, ...environment };
    return runAt(folder, logout, [], { uid, cacheDirectory: folder, env });
  }

  function expectNothingLeft(): void {
    expect(existsSync(data) ? readdirSync(data) : ['locks']).toEqual(['locks']);
    expect(readdirSync(join(data, 'locks'))).toEqual([]);
    expect(existsSync(join(folder, `krb5cc_${uid}`))).toBe(false);
  }

  /** How many keys of ours the keychain holds. */
  function keys(): number {
    try {
      return session.search().match(/^\[\//gm)?.length ?? 0;
    } catch {
      return 0;
    }
  }
});
