import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cache } from '../../src/cli/cache.ts';
import { scratch } from '../ccache/samples.ts';
import { scriptProgram } from '../support/fake-program.ts';
import { runAt } from './caches.ts';

let home: string;
let data: string;
beforeEach(() => {
  home = scratch();
  data = join(home, 'data');
});

async function lines(more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const env = { KRB5KIT_HOME: data, PATH: home, ...more };
  const { status, io } = await runAt(home, cache, ['backend'], { env, cacheDirectory: home });
  expect([status, io.stderr]).toEqual([0, '']);
  return io.stdout.split('\n').slice(0, -1);
}

describe('cache backend', () => {
  it('shows every back-end with the reason, what is chosen, the file and the default cache', async () => {
    expect(await lines()).toEqual([
      'keytar: no, there is no D-Bus session',
      'security: no, it is for macOS',
      'secret-tool: no, secret-tool is not installed',
      'powershell: no, it is for Windows',
      'passphrase: no, KRB5KIT_KEYCHAIN does not ask for it',
      'Back-end: none',
      `Sealed tickets: ${data}/tickets (there are none)`,
      `Default cache: FILE:${home}/krb5cc_1000 (there is no D-Bus session)`,
    ]);
  });

  it('shows what is wrong with the service rather than with the program', async () => {
    scriptProgram(home, 'secret-tool', '');
    expect(await lines()).toContain('secret-tool: no, there is no D-Bus session');
  });

  it('shows a passphrase that is asked for, and tickets that are there', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'tickets'), '');
    expect((await lines({ KRB5KIT_KEYCHAIN: 'passphrase' })).slice(4)).toEqual([
      'passphrase: yes, KRB5KIT_KEYCHAIN asks for it',
      'Back-end: passphrase',
      `Sealed tickets: ${data}/tickets`,
      'Default cache: KEYCHAIN: (there are sealed tickets)',
    ]);
  });

  it('shows that a key is sealed by a passphrase already', async () => {
    mkdirSync(data);
    writeFileSync(join(data, 'passphrase-key'), '');
    expect((await lines()).slice(4)).toEqual([
      'passphrase: yes, the key is sealed by one',
      'Back-end: passphrase',
      `Sealed tickets: ${data}/tickets (there are none)`,
      'Default cache: KEYCHAIN: (the keychain can be used)',
    ]);
  });

  it('shows that what is asked for cannot serve', async () => {
    expect(await lines({ KRB5KIT_KEYCHAIN: 'secret-tool' })).toContain(
      'Back-end: none (KRB5KIT_KEYCHAIN is secret-tool)',
    );
    expect(await lines({ KRB5KIT_KEYCHAIN: 'none', KRB5CCNAME: 'DIR:/x' })).toEqual(
      expect.arrayContaining([
        'Back-end: none (KRB5KIT_KEYCHAIN is none)',
        'Default cache: DIR:/x (KRB5CCNAME names it)',
      ]),
    );
  });

  it('says what KRB5KIT_KEYCHAIN may be', async () => {
    const env = { KRB5KIT_HOME: data, KRB5KIT_KEYCHAIN: 'x' };
    const { status, io } = await runAt(home, cache, ['backend'], { env });
    expect([status, io.stderr]).toEqual([
      1,
      expect.stringContaining('KRB5KIT_KEYCHAIN is x, but must be one of'),
    ]);
    expect((await runAt(home, cache, ['backend', 'x'], { env })).status).toBe(2);
  });
});
