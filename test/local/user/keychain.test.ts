import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveCcache } from '../../../src/ccache/resolve.ts';
import { klist } from '../../../src/cli/klist.ts';
import { openSession } from '../../../src/cli/session.ts';
import { openUserKeychain, probeUserKeychain } from '../../../src/local/user/keychain.ts';
import { scratch } from '../../ccache/samples.ts';
import { alice, tgt } from '../../ccache/tickets.ts';
import { type Outcome, runAt } from '../../cli/caches.ts';
import { type CaptureOptions, captureIo } from '../../support/io.ts';

// A derivation takes half a second, and several on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 });

let home: string;
let data: string;
beforeEach(() => {
  home = scratch();
  data = join(home, 'data');
});

const env = (more: Record<string, string> = {}) => ({
  HOME: home,
  KRB5KIT_HOME: data,
  KRB5_CONFIG: join(home, 'no-krb5.conf'),
  KRB5KIT_KEYCHAIN: 'passphrase',
  ...more,
});

/** Seals a ticket of alice's; what is typed at the terminal is `typed`. */
async function seal(typed: string, more: CaptureOptions = {}): Promise<string> {
  const io = captureIo({ env: env(), stdin: typed, stdinIsTerminal: true, ...more });
  const cache = await resolveCcache('KEYCHAIN:', openSession(io).caches);
  await cache.initialize({ principal: alice, credentials: [tgt] });
  return io.output;
}

function list(stdin: string, options: CaptureOptions = {}): Promise<Outcome> {
  return runAt(home, klist, [], {
    stdinIsTerminal: true,
    cacheDirectory: home,
    ...options,
    env: env(options.env as Record<string, string>),
    stdin,
  });
}

describe('KRB5KIT_KEYCHAIN=passphrase', () => {
  it('asks twice for a new passphrase, and then once in each command, on stderr', async () => {
    expect(await seal('horse\nhorse\n')).toBe('New passphrase for the sealed tickets: \nEnter it again: \n');
    const { status, io } = await list('horse\n');
    expect([status, io.stderr]).toEqual([0, 'Passphrase of the sealed tickets: \n']);
    expect(io.stdout).toContain('Default principal: alice@A.TEST');
  });

  it('is asked once though the command reads and writes the caches', async () => {
    await seal('horse\nhorse\n');
    const io = captureIo({ env: env(), stdin: 'horse\n', stdinIsTerminal: true });
    const { caches } = openSession(io);
    const cache = await resolveCcache('KEYCHAIN:', caches);
    await cache.load();
    await cache.store([tgt], new Date());
    await (await resolveCcache('KEYCHAIN:alice@A.TEST', caches)).load();
    expect(io.output).toBe('Passphrase of the sealed tickets: \n');
  });

  it('keeps nothing where the two differ', async () => {
    await expect(seal('horse\nhouse\n')).rejects.toThrow('The passphrases differ');
    await expect(seal('\n')).rejects.toThrow('The passphrase is empty');
    expect(existsSync(join(data, 'passphrase-key'))).toBe(false);
    expect(existsSync(join(data, 'tickets'))).toBe(false);
  });

  it('tells a wrong one in one line', async () => {
    await seal('horse\nhorse\n');
    const { status, io } = await list('house\n');
    expect([status, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toMatch(/^Passphrase of the sealed tickets: \nklist: The passphrase is wrong[^\n]*\n$/);
  });

  it('takes the passphrase from a file', async () => {
    const file = join(home, 'passphrase');
    writeFileSync(file, 'horse\r\nand no more\n');
    const fromFile = { KRB5KIT_PASSPHRASE_FILE: file };
    expect(await seal('', { env: env(fromFile), stdinIsTerminal: false })).toBe('');
    const { status, io } = await list('', { env: fromFile, stdinIsTerminal: false });
    expect([status, io.stderr]).toEqual([0, '']);
    writeFileSync(file, 'x'.repeat(2000));
    expect((await list('', { env: fromFile })).io.stderr).toContain('The passphrase is too long');
    expect((await list('', { env: { KRB5KIT_PASSPHRASE_FILE: join(home, 'none') } })).io.stderr).toContain(
      `The passphrase cannot be read: No such file or directory (filename: ${home}/none)`,
    );
  });

  it('does not take what is piped into a command for it', async () => {
    await seal('horse\nhorse\n');
    const { status, io } = await list('horse\n', { stdinIsTerminal: false });
    expect([status, io.stderr]).toEqual([1, expect.stringContaining('There is no terminal to ask for the')]);
  });

  it('need not be said again once a key is sealed by one', async () => {
    await seal('horse\nhorse\n');
    expect((await list('horse\n', { env: { KRB5KIT_KEYCHAIN: '' } })).status).toBe(0);
    const { io } = await list('horse\n', { env: { KRB5KIT_KEYCHAIN: 'secret-tool' } });
    expect(io.stderr).toContain('the key is sealed by a passphrase and KRB5KIT_KEYCHAIN is secret-tool');
  });
});

/** A back-end that is not for this system. */
const foreign = process.platform === 'darwin' ? 'powershell' : 'security';

describe('KRB5KIT_KEYCHAIN', () => {
  const io = (wish: string) => captureIo({ env: env({ KRB5KIT_KEYCHAIN: wish }) });

  it('may be none', async () => {
    await expect(openUserKeychain(io('none'), data)).rejects.toMatchObject({ code: 'KEYCHAIN_UNAVAILABLE' });
    expect(await probeUserKeychain(io('none'), data)).toMatchObject({ usable: false, absent: true });
  });

  it('may name a back-end, whose absence is a fault then', async () => {
    expect(await probeUserKeychain(io(''), data)).toMatchObject({ usable: false, absent: true });
    expect(await probeUserKeychain(io('secret-tool'), data)).toEqual({
      usable: false,
      absent: false,
      reason: 'KRB5KIT_KEYCHAIN is secret-tool, but there is no D-Bus session',
    });
  });

  it('is obeyed by who reads, too', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'tickets'), 'sealed');
    const { status, io } = await list('', { env: { KRB5KIT_KEYCHAIN: foreign, KRB5CCNAME: 'KEYCHAIN:' } });
    expect([status, io.stderr]).toEqual([
      1,
      expect.stringMatching(
        `^klist: The OS keychain cannot be used: KRB5KIT_KEYCHAIN is ${foreign}, but it is for .*\n$`,
      ),
    ]);
  });

  it('may name nothing else', async () => {
    const refused = {
      code: 'CONFIG_VALUE',
      message:
        'KRB5KIT_KEYCHAIN is passphrse, but must be one of keytar, security, secret-tool, powershell, passphrase, none',
    };
    await expect(openUserKeychain(io('passphrse'), data)).rejects.toMatchObject(refused);
    mkdirSync(data);
    await expect(probeUserKeychain(io('passphrse'), data)).rejects.toMatchObject(refused);
  });
});
